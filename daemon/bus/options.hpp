// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdme::bus {

using Options = std::map<std::string, sdbus::Variant>;

// Reads an a{sv} once and strictly: a key of the wrong type, and any key that nobody asked for, is
// InvalidArgument. A restricting option that is misspelt must not silently grant more.
class OptionReader {
 public:
  // `what` names the dictionary in errors: "option", "definition key", "filter".
  OptionReader(const Options& options, std::string what) : options_(options), what_(std::move(what)) {}

  // Types: bool, std::string, uint16_t, uint32_t, uint64_t, double, vector<string>, vector<uint8_t>,
  // sdbus::UnixFd.
  template <typename T>
  std::optional<T> take(const std::string& key);

  // One of the words, or nothing if absent.
  std::optional<std::string> take_word(const std::string& key, const std::vector<std::string_view>& words);

  // Whether the job is to be cancelled when its caller leaves: on-disconnect.
  bool take_cancels(bool otherwise = false);

  // Refuses keys that were not taken. To be called when all have been.
  void finish() const;

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& why) const;

  const Options& options_;
  std::string what_;
  std::vector<std::string> known_;
};

// Of a filter: one that is absent admits everything.
template <typename T>
bool admits(const std::optional<T>& wanted, const T& is) {
  return !wanted || *wanted == is;
}

}  // namespace sdme::bus
