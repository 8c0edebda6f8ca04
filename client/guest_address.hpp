// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace sdme::client {

// The address of a guest that got it from a network that is not sdmed's, as systemd-machined(8) finds it inside: IPv4 if it
// has one, "" where nobody knows.
std::string guest_address(const std::string& container);

}  // namespace sdme::client
