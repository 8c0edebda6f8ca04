// SPDX-License-Identifier: MIT
#pragma once

#include <archive_entry.h>

#include <array>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "archive/decompress.hpp"
#include "archive/handles.hpp"
#include "archive/meaning.hpp"

namespace sdme::archive {

// The entries of a tar stream, strictly: a stream that ends within an entry, a damaged header and a
// damaged extended header are Corrupt; what is no tar is UnsupportedFormat; headers without end are
// LimitExceeded. A tarball that is empty or ends without the end-of-archive mark is Corrupt too; a
// layer may be both, since its digest tells whether it is whole.
class TarReader {
 public:
  // Of one entry, with the extended ones and the map of a sparse file, of which libarchive keeps more
  // than it reads. The map of 150,000 pieces fits.
  static constexpr std::size_t kLongestHeaders = std::size_t{4} * 1024 * 1024;

  TarReader(Decompressor& source, Meaning meaning);

  // The next entry, valid until the call after; null behind the last, when the source is read to
  // its end.
  archive_entry* next();

  struct Piece {
    std::span<const char> bytes;
    std::uint64_t offset;  // in the file: what lies between two pieces is a hole
  };
  // The next piece of the entry's content; nothing at its end. `entry` is for the sentence.
  std::optional<Piece> next_piece();

 private:
  static la_ssize_t feed(struct archive* reader, void* self, const void** buffer);
  std::span<const char> take_block();
  std::span<const char> missing_end();
  std::span<const char> rest_of_block(std::uint64_t from) const;
  std::string headers_until(std::uint64_t end);
  void finish(std::uint64_t last_entry_end);
  bool is_end_mark(std::uint64_t end) const;
  [[noreturn]] void refuse(const std::string& what) const;
  [[noreturn]] void refuse_headers() const;

  static constexpr std::size_t kRecord = 512;

  Decompressor& source_;
  Meaning meaning_;
  Reader reader_ = new_reader();
  std::exception_ptr failure_;  // of the source, while C frames are on the stack
  std::span<const char> block_;
  std::uint64_t block_start_ = 0;                // in the stream
  std::array<char, kRecord> record_before_ = {};  // the end of the block before
  bool fed_ = false;
  std::string missing_end_;          // what a layer left out
  std::uint64_t content_left_ = 0;  // of the entry, in the stream
  std::optional<std::uint64_t> headers_start_;  // in the stream, while headers are read
  std::string headers_;                         // of blocks that are gone already
  std::string last_name_;
};

}  // namespace sdme::archive
