// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <charconv>

namespace sdme::text {

namespace {

// What steers a terminal or the order of the text around it: a name must not be able to look like another.
bool is_control(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) ||  // C0, DEL, C1
         point == 0x61C || point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) ||                                    // direction
         (point >= 0x200B && point <= 0x200D) || point == 0x2060 || point == 0xFEFF ||  // invisible
         point == 0x2028 || point == 0x2029 ||                                      // line, paragraph
         (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE007F);
}

struct Character {
  std::size_t length = 1;  // of one byte too when that is no character
  bool shown = false;
};

// The first character of `text`, which is not empty: shown if it is valid UTF-8 (RFC 3629) and no control.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) return {};
  char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kSmallest[length] || point > 0x10FFFF || surrogate) return {};
  return {.length = length, .shown = !is_control(point)};
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const auto& part : parts) {
    if (&part != &parts.front()) joined += separator;
    joined += part;
  }
  return joined;
}

std::optional<std::uint64_t> to_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kCut = "…";
  std::string shown;
  std::size_t room_for_cut = 0;  // the longest prefix that leaves room for the mark
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto piece = character.shown ? text.substr(0, character.length) : "?";
    if (shown.size() + piece.size() > limit) {
      shown.resize(room_for_cut);
      return limit < kCut.size() ? shown : shown.append(kCut);
    }
    shown += piece;
    if (shown.size() + kCut.size() <= limit) room_for_cut = shown.size();
    text.remove_prefix(character.length);
  }
  return shown;
}

std::string quoted(std::string_view text) { return "'" + printable(text) + "'"; }

std::string escape_colons(std::string_view part) {
  std::string escaped;
  for (const char c : part) {
    if (c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::vector<std::string> split_escaped(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ':' || text[i + 1] == '\\')) {
      parts.back() += text[++i];
    } else if (text[i] == ':') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

std::string lower_hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

}  // namespace sdme::text
