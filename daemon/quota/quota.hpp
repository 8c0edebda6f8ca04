// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "os/dir.hpp"

// What a container may write to the disk. The file system below the store counts it and holds the limit, or nobody
// does: as a project on ext4 and XFS (quotactl(2)), as the quota group of a subvolume on btrfs (btrfs-qgroup(8)).
namespace sdme::quota {

// From now on what is made below `directory`, which is new and empty, is counted as `project`. Where the file system
// knows no projects, or counts the directory for somebody already, this does nothing. On btrfs the directory must have
// been made by os::make_subvolume(); nothing more is to be done then.
void count_apart(const os::Dir& directory, std::uint32_t project);

// NotSupported, with what to do about it, where a limit of this directory would not be held.
void check_held(const os::Dir& directory);

// Bytes below the directory, as they are counted against the limit.
std::uint64_t used(const os::Dir& directory);

// Holds from now on, or NotSupported as above; std::nullopt takes back what there is.
void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes);

}  // namespace sdme::quota
