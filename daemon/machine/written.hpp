// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "os/dir.hpp"

namespace sdme::machine {

// Where a container's upper, work and submounts are, which its file system counts and limits as one: apart from what
// sdmed writes of it, for which there must be room when the container has none. One that was made by an older sdmed
// has them next to its record.
os::Dir written_of(const std::string& name);

}  // namespace sdme::machine
