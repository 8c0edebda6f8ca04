// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sdme::layer {

// The assignments of os-release(5). Lines that are none are skipped, as systemd does.
std::map<std::string, std::string> parse_os_release(std::string_view text);

}  // namespace sdme::layer
