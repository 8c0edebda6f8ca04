// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace sdme::archive {

struct Limits {
  std::uint64_t bytes;    // of the streams when decompressed, and so of what is written
  std::uint64_t entries;  // directories that entries only imply included
};

// What one import may still spend, over all its streams together, from whichever thread. Each call
// is LimitExceeded beyond the limit.
class Budget {
 public:
  // What streams leave to be done when they have ended, such as the directories that a layer does not
  // list, is kept in memory until then. A real image needs a few KiB; 200,000 such directories fit.
  static constexpr std::uint64_t kMostRemembered = std::uint64_t{64} * 1024 * 1024;

  explicit Budget(const Limits& limits) : limits_(limits) {}

  void spend_bytes(std::uint64_t count);
  void spend_entry() { spend_one(entries_); }
  void spend_directory() { spend_one(directories_); }  // one that is made, asked for or not

  void remember(std::string_view path, std::uint64_t more = 0);  // bytes that belong to it
  void forget(std::string_view path) { remembered_ -= memory_of(path); }

 private:
  static std::uint64_t memory_of(std::string_view path);
  void spend_one(std::atomic<std::uint64_t>& count);

  const Limits limits_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> entries_ = 0;
  std::atomic<std::uint64_t> directories_ = 0;
  std::atomic<std::uint64_t> remembered_ = 0;
};

}  // namespace sdme::archive
