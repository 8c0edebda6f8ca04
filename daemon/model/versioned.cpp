// SPDX-License-Identifier: MIT
#include "model/versioned.hpp"

namespace sdme::model {

json::Value parse_versioned(const std::string& text, const std::string& what, std::uint64_t newest) {
  auto value = json::parse(text, what);
  const auto version = json::get<std::uint64_t>(value, "version");
  if (version == 0) throw Error(Errc::kCorrupt, "key 'version' must be at least 1");
  if (version > newest) {
    throw Error(Errc::kNotSupported, what + " was written by a newer sdmed (format " + std::to_string(version) +
                                         ", this one reads " + std::to_string(newest) + ")");
  }
  return value;
}

}  // namespace sdme::model
