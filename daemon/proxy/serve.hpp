// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "os/unique_fd.hpp"
#include "proxy/arguments.hpp"

namespace sdme::proxy {

// Serves the sockets, TCP or UDP, until nothing was open for the time. InvalidArgument for other sockets.
void serve(const Arguments& arguments, std::vector<os::UniqueFd> sockets);

}  // namespace sdme::proxy
