// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sdme::registry {

// "bytes FIRST-LAST/TOTAL" of an answer to Range (RFC 9110, 14.4).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total;  // "*" where the server does not know

  static std::optional<ContentRange> parse(std::string_view header);

  // All from a byte on, of so many.
  bool is_rest(std::uint64_t from, std::uint64_t size) const {
    return first == from && last + 1 == size && (!total || *total == size);
  }
};

}  // namespace sdme::registry
