// SPDX-License-Identifier: MIT
#pragma once

#include <sys/capability.h>

#include <initializer_list>

namespace sdme::disk {

// Programs that this process becomes or starts have no other capabilities from now on. Needs CAP_SETPCAP.
void bound_capabilities(std::initializer_list<cap_value_t> kept);

// Neither has this process.
void keep_capabilities(std::initializer_list<cap_value_t> kept);

}  // namespace sdme::disk
