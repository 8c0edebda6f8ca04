// SPDX-License-Identifier: MIT
#include "registry/content_range.hpp"

#include "base/text.hpp"

namespace sdme::registry {

std::optional<ContentRange> ContentRange::parse(std::string_view header) {
  constexpr std::string_view kUnit = "bytes ";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  const auto slash = header.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = text::to_unsigned(header.substr(0, dash));
  const auto last = text::to_unsigned(header.substr(dash + 1, slash - dash - 1));
  const auto total = text::to_unsigned(header.substr(slash + 1));
  if (!first || !last || *first > *last || *last == UINT64_MAX) return std::nullopt;
  if (!total && header.substr(slash + 1) != "*") return std::nullopt;
  return ContentRange{.first = *first, .last = *last, .total = total};
}

}  // namespace sdme::registry
