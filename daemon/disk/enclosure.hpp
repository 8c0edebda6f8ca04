// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace sdme::disk {

// Encloses a child, which must have a mount namespace of its own, with one file that it may open
// again: the file becomes its descriptor's owner's to read and nothing else is. What it sees as "/"
// is empty but for the system's programs and libraries, its own processes, and `place` as an empty
// file in /dev/fd if not "". It has no capability and no other user's rights than it needs for the
// file. `root` is a directory to mount on.
void enclose(const std::string& root, int file, const std::string& place);

}  // namespace sdme::disk
