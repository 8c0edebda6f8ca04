// SPDX-License-Identifier: MIT
#pragma once

#include <zstd.h>

#include <memory>

#include "archive/decoder.hpp"

namespace sdme::archive {

// zstd by its own library: one copy less than through libarchive's filter, and a bound to the window
// that a frame may ask for, which is what `zstd -d` has without options: 128 MiB.
class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder(Input& input, std::span<const char> first);

  std::size_t read(std::span<char> to) override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  bool more();
  bool refill();
  void skip_padding();

  Input& input_;
  ZSTD_inBuffer in_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool within_frame_ = false;
  bool all_out_ = true;  // nothing decompressed waits for room
  bool ended_ = false;
};

}  // namespace sdme::archive
