// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include "archive/decoder.hpp"

namespace sdme::archive {

// gzip by zlib, because libarchive does not check the sum and the length of a member (libarchive
// 3.7 and 3.8, archive_read_support_filter_gzip.c, consume_trailer).
class GzipDecoder : public Decoder {
 public:
  GzipDecoder(Input& input, std::span<const char> first);
  ~GzipDecoder() override;

  std::size_t read(std::span<char> to) override;

 private:
  bool refill();
  bool begin_next_member();

  Input& input_;
  z_stream stream_ = {};
  bool ended_ = false;
};

}  // namespace sdme::archive
