// SPDX-License-Identifier: MIT
#include "archive/long_names.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace sdme::archive {

namespace {

constexpr std::size_t kRecord = 512;
constexpr std::size_t kSizeAt = 124, kSizeWidth = 12, kTypeAt = 156;  // POSIX.1-2008, pax, "ustar Interchange Format"
constexpr unsigned char kBinary = 0x80;
constexpr std::string_view kNameKeys[] = {"path", "linkpath", "GNU.sparse.name"};

// The number at the start of a text; 0 when there is none.
std::size_t number(std::string_view text, int base) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

// As libarchive reads it: octal, or binary where the first bit is set, with its highest byte first.
std::size_t size_in(std::string_view header) {
  const auto field = header.substr(kSizeAt, kSizeWidth);
  if ((field.front() & kBinary) == 0) return number(field, 8);
  std::size_t value = 0;
  for (const char byte : field.substr(field.size() - sizeof value))
    value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

// Records of "LENGTH KEY=VALUE\n". libarchive has read them already: what is malformed was refused.
bool zero_in_pax(std::string_view records) {
  while (!records.empty()) {
    const auto length = number(records, 10);
    const auto record = records.substr(0, length);
    const auto space = record.find(' '), equals = record.find('=');
    if (space > equals || equals == std::string_view::npos) return false;
    const bool is_name = std::ranges::contains(kNameKeys, record.substr(space + 1, equals - space - 1));
    if (is_name && record.contains('\0')) return true;
    records.remove_prefix(record.size());
  }
  return false;
}

// The body of GNU's long names ends with zeros.
bool zero_in_gnu(std::string_view body) { return body.find('\0') < body.find_last_not_of('\0') + 1; }

}  // namespace

bool has_zero_in_name(std::string_view headers) {
  while (headers.size() > kRecord) {
    const auto body = headers.substr(kRecord, size_in(headers));
    const char type = headers[kTypeAt];
    if ((type == 'x' || type == 'X') && zero_in_pax(body)) return true;
    if ((type == 'L' || type == 'K') && zero_in_gnu(body)) return true;
    if (!std::string_view("xXgLKAV").contains(type)) return false;
    headers.remove_prefix(std::min(kRecord + (body.size() + kRecord - 1) / kRecord * kRecord, headers.size()));
  }
  return false;
}

}  // namespace sdme::archive
