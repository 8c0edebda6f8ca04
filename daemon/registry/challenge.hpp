// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sdme::registry {

// What a server wants to be shown, of a WWW-Authenticate header (RFC 9110, 11.6.1).
struct Challenge {
  std::string scheme;                            // lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  // keys in lower case, values without their quotes

  std::string get(const std::string& key) const;  // "" when absent
};

// One header may hold several. What is malformed ends it: what stands before counts.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace sdme::registry
