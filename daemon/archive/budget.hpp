// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace sdme::archive {

struct Limits {
  std::uint64_t bytes;    // of the streams when decompressed, and so of what is written
  std::uint64_t entries;  // directories that entries only imply included
};

// What one import may still spend, over all its streams together, from whichever thread. Each call
// is LimitExceeded beyond the limit.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  void spend_bytes(std::uint64_t count);
  void spend_entry() { spend_one(entries_); }
  void spend_directory() { spend_one(directories_); }  // one that is made, asked for or not

 private:
  void spend_one(std::atomic<std::uint64_t>& count);

  const Limits limits_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> entries_ = 0;
  std::atomic<std::uint64_t> directories_ = 0;
};

}  // namespace sdme::archive
