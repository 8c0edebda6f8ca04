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
  // What of "systemd", "dbus" and "login" it lacks: the first to be managed as a machine, the second for
  // it to be asked anything, the third for a login shell (PAM's configuration for one).
  std::vector<std::string> missing;
};

// Follows the tree's links as its own root would, so never out of it.
Inspection inspect(const layer::Stack& stack);

}  // namespace sdme::image
