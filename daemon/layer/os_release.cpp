// SPDX-License-Identifier: MIT
#include "layer/os_release.hpp"

#include <optional>

#include "base/text.hpp"

namespace sdme::layer {

namespace {

// The value behind the '=': words of a shell, quoted or not, joined; nothing when a quote is open.
std::optional<std::string> unquoted(std::string_view text) {
  std::string value;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool closes = quote != 0 && c == quote;
    const bool opens = quote == 0 && (c == '"' || c == '\'');
    if (closes || opens) {
      quote = opens ? c : 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      value += text[++i];
    } else {
      value += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto start = text.find_first_not_of(kBlank);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kBlank) - start + 1);
}

}  // namespace

std::map<std::string, std::string> parse_os_release(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const auto& whole : text::split(text, '\n')) {
    const auto line = trimmed(whole);
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == 0 || equals == std::string_view::npos) continue;
    if (const auto value = unquoted(line.substr(equals + 1))) values[std::string(line.substr(0, equals))] = *value;
  }
  return values;
}

}  // namespace sdme::layer
