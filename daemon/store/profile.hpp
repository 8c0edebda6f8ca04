// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/security.hpp"
#include "store/layout.hpp"

namespace sdme::store {

// A security profile, sdmed.profiles(5): what a container is given where its definition does not say
// otherwise. The definition keeps the values, so a profile that is changed counts for new containers.
struct Profile {
  std::string description;                      // one line, for people
  std::optional<bool> private_network;          // where no network is asked for
  std::optional<bool> userns;
  model::Security security;
};

// The text of one file; Corrupt, naming the line, for whatever is wrong: a profile that is half read
// would protect less than it says.
Profile parse_profile(const std::string& name, const std::string& text);

// Where profiles are: one in a later directory stands for its namesake in an earlier one.
std::vector<std::string> profile_directories();

// NotFound, naming those there are.
Profile find_profile(const std::string& name, const std::vector<std::string>& directories = profile_directories());

}  // namespace sdme::store
