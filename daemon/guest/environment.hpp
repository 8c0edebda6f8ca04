// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace sdme::guest {

// What the command finds in its environment: what systemd and PAM gave, without what only told
// this helper of its unit; PATH, HOME, USER, LOGNAME and SHELL where they are missing; and the
// caller's variables over it all.
std::vector<std::string> environment(char* const* inherited, const std::vector<std::string>& from_caller);

// "" when it is not set.
std::string value_of(const std::vector<std::string>& environment, const std::string& name);

}  // namespace sdme::guest
