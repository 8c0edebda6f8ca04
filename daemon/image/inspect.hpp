// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "layer/stack.hpp"

namespace sdme::image {

// What a root filesystem says it is, safe to show; "" where it says nothing.
struct Inspection {
  std::string os;          // PRETTY_NAME of os-release, else NAME
  std::string distro;      // ID
  std::string version_id;  // VERSION_ID
  bool bootable = false;   // it has an init that can be executed
  std::vector<std::string> missing;  // of "systemd", "dbus", "login": what it lacks to be used as a machine
};

// Follows the tree's links as its own root would, so never out of it.
Inspection inspect(const layer::Stack& stack);

}  // namespace sdme::image
