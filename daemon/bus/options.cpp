// SPDX-License-Identifier: MIT
#include "bus/options.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::bus {

namespace {

template <typename T>
struct BusType;
template <>
struct BusType<bool> {
  static constexpr std::string_view signature = "b", words = "a boolean (b)";
};
template <>
struct BusType<std::string> {
  static constexpr std::string_view signature = "s", words = "a string (s)";
};
template <>
struct BusType<std::uint16_t> {
  static constexpr std::string_view signature = "q", words = "a 16-bit number (q)";
};
template <>
struct BusType<std::uint32_t> {
  static constexpr std::string_view signature = "u", words = "a 32-bit number (u)";
};
template <>
struct BusType<std::uint64_t> {
  static constexpr std::string_view signature = "t", words = "a 64-bit number (t)";
};
template <>
struct BusType<double> {
  static constexpr std::string_view signature = "d", words = "a floating point number (d)";
};
template <>
struct BusType<std::vector<std::string>> {
  static constexpr std::string_view signature = "as", words = "a list of strings (as)";
};
template <>
struct BusType<std::vector<std::uint8_t>> {
  static constexpr std::string_view signature = "ay", words = "bytes (ay)";
};
template <>
struct BusType<sdbus::UnixFd> {
  static constexpr std::string_view signature = "h", words = "a file descriptor (h)";
};

}  // namespace

template <typename T>
std::optional<T> OptionReader::take(const std::string& key) {
  known_.push_back(key);
  const auto found = options_.find(key);
  if (found == options_.end()) return std::nullopt;
  const auto* type = found->second.peekValueType();
  if (type == nullptr || BusType<T>::signature != type) refuse(key, "must be " + std::string(BusType<T>::words));
  return found->second.get<T>();
}

template std::optional<bool> OptionReader::take<bool>(const std::string&);
template std::optional<std::string> OptionReader::take<std::string>(const std::string&);
template std::optional<std::uint16_t> OptionReader::take<std::uint16_t>(const std::string&);
template std::optional<std::uint32_t> OptionReader::take<std::uint32_t>(const std::string&);
template std::optional<std::uint64_t> OptionReader::take<std::uint64_t>(const std::string&);
template std::optional<double> OptionReader::take<double>(const std::string&);
template std::optional<std::vector<std::string>> OptionReader::take<std::vector<std::string>>(const std::string&);
template std::optional<std::vector<std::uint8_t>> OptionReader::take<std::vector<std::uint8_t>>(const std::string&);

template std::optional<sdbus::UnixFd> OptionReader::take<sdbus::UnixFd>(const std::string&);

std::optional<std::string> OptionReader::take_word(const std::string& key, const std::vector<std::string_view>& words) {
  auto value = take<std::string>(key);
  if (value && std::ranges::find(words, *value) == words.end()) {
    refuse(key, "must be one of " + text::join({words.begin(), words.end()}, ", ") + ", not " + text::quoted(*value));
  }
  return value;
}

bool OptionReader::take_cancels(bool otherwise) {
  const auto word = take_word("on-disconnect", {"continue", "cancel"});
  return word ? *word == "cancel" : otherwise;
}

void OptionReader::finish() const {
  for (const auto& [key, value] : options_) {
    if (std::ranges::find(known_, key) == known_.end()) {
      refuse(key, known_.empty() ? "is unknown: there are none" : "is unknown: there are " + text::join(known_, ", "));
    }
  }
}

void OptionReader::refuse(const std::string& key, const std::string& why) const {
  throw Error(Errc::kInvalidArgument, what_ + " " + text::quoted(key) + " " + why);
}

}  // namespace sdme::bus
