// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace sdme::nspawn {

// A file of systemd-system.conf(5) that has the guest's systemd take these variables and give them to all that it
// starts, whatever is in their values. It would hand on nothing of what it was itself started with.
std::string manager_conf(const std::vector<std::string>& environment);

}  // namespace sdme::nspawn
