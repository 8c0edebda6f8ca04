// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "os/dir.hpp"

namespace sdme::machine {

// Has the guest of a container that got another name since its last start know it: in its hostname and hosts files, where
// they say a former name still. What its administrator wrote there stays.
void tell_new_name(const os::Dir& container, const os::Dir& written, const std::string& name);

}  // namespace sdme::machine
