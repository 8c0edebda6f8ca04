// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Strict, whole-string conversions, and text from strangers made safe to show.
namespace sdme::text {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The whole string is a decimal number of the range, or nothing: no sign, space or suffix.
std::optional<std::uint64_t> to_unsigned(std::string_view text);

// Valid UTF-8 without control characters, at most `limit` bytes: invalid bytes and whatever is
// invisible or changes how the text around it is shown become '?', and what is cut off is marked
// with "…". For anything an image or a caller says before it reaches a message, a log, a property
// or a terminal.
std::string printable(std::string_view text, std::size_t limit = 256);

// printable() in single quotes, for use inside a sentence.
std::string quoted(std::string_view text);

// Of one of several that colons separate: "\:" is a colon in it and "\\" a backslash, for us as for systemd-nspawn(1).
std::string escape_colons(std::string_view part);
std::vector<std::string> split_escaped(std::string_view text);

std::string lower_hex(const unsigned char* bytes, std::size_t count);

}  // namespace sdme::text
