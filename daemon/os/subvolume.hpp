// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "os/dir.hpp"

// Directories that btrfs counts and limits by themselves: btrfs-subvolume(8).
namespace sdme::os {

bool is_btrfs(const Dir& directory);

// The top of one.
bool is_subvolume(const Dir& directory);

// On btrfs a subvolume, elsewhere a directory as any other. It is renamed and removed as such; but nothing in it can be
// renamed to a place outside.
Dir make_subvolume(const Dir& parent, const std::string& name, mode_t mode);

}  // namespace sdme::os
