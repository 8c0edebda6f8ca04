// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bus/describe.hpp"

namespace sdme::bus {

// What all processes of a unit of machine.slice use and have used, from the files of its control group: a read each and
// nobody is asked. What the kernel does not count here has no key.
Description usage_of_unit(const std::string& unit, const std::string& slice = "/sys/fs/cgroup/machine.slice");

}  // namespace sdme::bus
