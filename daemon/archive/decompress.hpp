// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "archive/block_queue.hpp"
#include "archive/input.hpp"
#include "archive/sha256.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

// The plain bytes of a stream that is plain or compressed once, with gzip, bzip2, xz or zstd, in
// any number of members. Reads, decompresses and hashes in a thread of its own, a little ahead of
// whoever takes the blocks.
class Decompressor {
 public:
  // More than `max_bytes` of plain bytes are LimitExceeded.
  Decompressor(os::UniqueFd input, std::uint64_t max_bytes);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Full blocks until the last; nothing at the end. Valid until the next call. Throws what went
  // wrong in the thread: Corrupt, LimitExceeded, or an error of reading.
  std::span<const char> next() { return queue_.pop(); }

  std::uint64_t bytes_read() const { return input_.bytes_read(); }  // compressed
  std::string digest() { return digest_.hex(); }                    // of all, once next() returned nothing

 private:
  void run() noexcept;
  void decompress();
  void deliver(std::span<const char> block);

  Input input_;
  std::uint64_t max_bytes_;
  std::uint64_t delivered_ = 0;
  Sha256 digest_;
  BlockQueue queue_;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace sdme::archive
