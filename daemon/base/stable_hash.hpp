// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace sdme {

// FNV-1a: the same in every process and on every host. Not for what strangers could choose to collide.
constexpr std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2'166'136'261;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
  return hash;
}

}  // namespace sdme
