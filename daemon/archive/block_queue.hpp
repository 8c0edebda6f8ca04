// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <span>

namespace sdme::archive {

// A ring of equally large blocks between one thread that fills them and one that uses them up, so
// that memory stays bounded whichever is faster.
class BlockQueue {
 public:
  static constexpr std::size_t kBlockSize = 256 * 1024;

  // The filling side. free_block() waits for one, and returns nothing once the reader gave up.
  std::span<char> free_block();
  void push(std::size_t filled);
  void close(std::exception_ptr failure);  // null at the regular end

  // The using side. pop() takes the former block back and waits for the next; nothing at the end,
  // where the last block stays valid. Rethrows the failure the queue was closed with.
  std::span<const char> pop();
  void give_up();

 private:
  static constexpr std::size_t kBlocks = 8;

  struct Block {
    std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kBlockSize);
    std::size_t filled = 0;
  };

  std::array<Block, kBlocks> blocks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t first_ = 0;  // the oldest filled block
  std::size_t count_ = 0;  // filled blocks, with the one in use
  bool in_use_ = false;    // the reader holds blocks_[first_]
  bool closed_ = false;
  bool given_up_ = false;
  std::exception_ptr failure_;
};

}  // namespace sdme::archive
