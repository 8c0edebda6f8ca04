// SPDX-License-Identifier: MIT
#pragma once

#include <string>

// AppArmor, as far as the one who starts a container has to do with it: apparmor(7).
namespace sdme::os {

// Whether this host's kernel has it and it is not switched off.
bool has_apparmor();

// What this process executes next is confined by that profile. NotSupported where there is no AppArmor, NotFound
// where the profile is not loaded: neither must mean that there is none.
void confine_next_program(const std::string& profile);

}  // namespace sdme::os
