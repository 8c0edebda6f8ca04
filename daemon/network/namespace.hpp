// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "model/network.hpp"
#include "os/unique_fd.hpp"

// Network namespaces that we make, for those whose network is set up from outside.
namespace sdme::network {

os::UniqueFd current_namespace();
// NetworkFailed when nothing is mounted there.
os::UniqueFd open_namespace(const std::string& path);

// Makes a network namespace with a loopback, in which no port is reserved, and enters it.
void enter_new_namespace();
void enter_namespace(const os::UniqueFd& space);

// Does something in another network namespace, in a child of this process.
void in_namespace(const os::UniqueFd& space, const std::function<void()>& work);

// In this process's own: the interface as the one that has the address and the way out.
void set_up(const std::string& interface, const model::Network& network);

}  // namespace sdme::network
