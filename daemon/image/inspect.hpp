// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "os/dir.hpp"

namespace sdme::image {

// What a root filesystem says it is, safe to show; "" where it says nothing.
struct Inspection {
  std::string os;          // PRETTY_NAME of os-release, else NAME
  std::string distro;      // ID
  std::string version_id;  // VERSION_ID
  bool bootable = false;   // it has an init that can be executed
};

// Follows the tree's links as its own root would, so never out of it.
Inspection inspect(const os::Dir& tree);

// The assignments of os-release(5). Lines that are none are skipped, as systemd does.
std::map<std::string, std::string> parse_os_release(std::string_view text);

}  // namespace sdme::image
