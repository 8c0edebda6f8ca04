// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cwchar>

namespace sdme::client {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

namespace {

// How many bytes the character at the beginning takes; 0 when it is not UTF-8.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Longer than it need be, half of a surrogate pair, or above U+10FFFF.
  const bool forbidden = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
                         (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90);
  return forbidden ? 0 : length;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  // U+0080 to U+009F drive terminals too.
  return first < 0x20 || first == 0x7F || (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto character = text.substr(0, std::max<std::size_t>(length, 1));
    safe += length == 0 || is_control(character) ? "?" : character;
    text.remove_prefix(character.size());
  }
  return safe;
}

namespace {

// One character of `text` at `offset`: its bytes and its columns. What the locale cannot read is a byte wide.
struct Character {
  std::size_t bytes;
  std::size_t columns;
};

Character character_at(const std::string& text, std::size_t offset) {
  std::mbstate_t state{};
  wchar_t wide = 0;
  const auto bytes = std::mbrtowc(&wide, text.data() + offset, text.size() - offset, &state);
  if (bytes == 0 || bytes > text.size() - offset) return {1, 1};
  const int columns = ::wcwidth(wide);
  return {bytes, columns < 0 ? std::size_t{1} : static_cast<std::size_t>(columns)};
}

}  // namespace

std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto next = character_at(text, offset);
    offset += next.bytes;
    columns += next.columns;
  }
  return columns;
}

std::string first_columns(const std::string& text, std::size_t columns) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const auto next = character_at(text, offset);
    if (next.columns > columns) break;
    columns -= next.columns;
    offset += next.bytes;
  }
  return text.substr(0, offset);
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit > 0 && value < 10 ? 1 : 0, kUnits[unit]);
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string human_duration(std::chrono::seconds length) {
  const auto seconds = std::max<std::chrono::seconds::rep>(length.count(), 0);
  const auto hours = seconds / 3600;
  const auto minutes = seconds / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
  return fmt::format("{}:{:02}", minutes, seconds % 60);
}

std::string local_time_of_event(std::uint64_t usec) {
  const auto seconds = static_cast<std::time_t>(usec / 1'000'000);
  std::tm broken_down{};
  if (!::localtime_r(&seconds, &broken_down)) return "";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", broken_down);
}

std::string local_time(std::uint64_t usec) {
  const auto exact = local_time_of_event(usec);
  return exact.substr(0, exact.rfind(':'));
}

std::string user_name(std::uint32_t uid) {
  const auto* entry = ::getpwuid(uid);
  return entry ? printable(entry->pw_name) : std::to_string(uid);
}

std::string shell_quote(std::string_view word) {
  static constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+:,./@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace sdme::client
