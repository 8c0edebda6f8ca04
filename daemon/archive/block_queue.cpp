// SPDX-License-Identifier: MIT
#include "archive/block_queue.hpp"

#include <utility>

namespace sdme::archive {

std::span<char> BlockQueue::free_block() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return given_up_ || count_ < kBlocks; });
  if (given_up_) return {};
  return {blocks_[(first_ + count_) % kBlocks].bytes.get(), kBlockSize};
}

void BlockQueue::push(std::size_t filled) {
  const std::lock_guard lock(mutex_);
  blocks_[(first_ + count_) % kBlocks].filled = filled;
  ++count_;
  changed_.notify_one();
}

void BlockQueue::close(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  failure_ = std::move(failure);
  changed_.notify_one();
}

std::span<const char> BlockQueue::pop() {
  std::unique_lock lock(mutex_);
  const std::size_t held = in_use_ ? 1 : 0;
  changed_.wait(lock, [&] { return closed_ || count_ > held; });
  if (count_ == held) {
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }
  if (in_use_) {
    first_ = (first_ + 1) % kBlocks;
    --count_;
    changed_.notify_one();
  }
  in_use_ = true;
  return {blocks_[first_].bytes.get(), blocks_[first_].filled};
}

void BlockQueue::give_up() {
  const std::lock_guard lock(mutex_);
  given_up_ = true;
  changed_.notify_one();
}

}  // namespace sdme::archive
