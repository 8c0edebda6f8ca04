// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "archive/block_queue.hpp"
#include "archive/budget.hpp"
#include "archive/input.hpp"
#include "archive/sha256.hpp"

namespace sdme::archive {

// The plain bytes of a stream that is plain or compressed once, with gzip, bzip2, xz or zstd, in
// any number of members. Reads and decompresses in a thread of its own, a little ahead of whoever takes
// the blocks; they are hashed by the thread that has less to do.
class Decompressor {
 public:
  // The plain bytes are spent from the budget, which lives longer.
  Decompressor(Input input, Budget& budget);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Full blocks until the last; nothing at the end. Valid until the next call. Throws what went
  // wrong in the thread: Corrupt, LimitExceeded, or an error of reading.
  std::span<const char> next();
  // What next() returns first, before it is called.
  std::span<const char> first() { return *(ahead_ = queue_.pop()); }

  void break_off() { input_.break_off(); }  // from any thread: next() throws Cancelled soon

  std::uint64_t bytes_read() const { return input_.bytes_read(); }  // compressed
  bool at_end() const { return input_.at_end(); }                   // all compressed bytes were read
  std::string digest() { return digest_.hex(); }                    // of all, once next() returned nothing

 private:
  void run() noexcept;
  void decompress();
  void deliver(std::span<const char> block);

  Input input_;
  Budget& budget_;
  bool hashes_ahead_ = false;  // decided before the first block
  Sha256 digest_;
  BlockQueue queue_;
  std::optional<std::span<const char>> ahead_;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace sdme::archive
