// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <string>

#include "os/unique_fd.hpp"

// File descriptors of callers. An fd proves only what its owner could do with it, so what it is and
// how it was opened is looked at before anyone is asked for a password. Each function gives a
// duplicate that is closed on exec, or throws InvalidArgument naming the argument.
namespace sdme::bus {

// A regular file or a pipe to be read; no O_PATH, no kernel file system, no direct I/O.
os::UniqueFd take_data(const sdbus::UnixFd& fd, const std::string& argument);

enum class Direction { kRead, kWrite };

// A pipe or a stream socket. A file, a directory or a terminal would give a guest a way out: it
// could open it again, walk from it, or type into it (TIOCSTI).
os::UniqueFd take_stream(const sdbus::UnixFd& fd, const std::string& argument, Direction direction);

bool is_pipe(const os::UniqueFd& fd);

}  // namespace sdme::bus
