// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "disk/file_system.hpp"
#include "disk/partitions.hpp"
#include "os/unique_fd.hpp"

namespace sdme::disk {

struct Root {
  const Partition* partition = nullptr;
  os::UniqueFd mount;  // detached
};

// The partition that is a system's root: by its type, else the first that looks like one; of btrfs the
// default subvolume, else one with the names that distributions use. UnsupportedFormat when there is
// none, which says what the partitions are; Corrupt when there may be one that cannot be read.
Root find_root(const std::vector<Partition>& partitions, FileSystems& file_systems);

// What a detached mount looks like.
bool has_os_release(const os::UniqueFd& mount);
bool looks_like_usr(const os::UniqueFd& mount);
bool looks_like_boot(const os::UniqueFd& mount);

}  // namespace sdme::disk
