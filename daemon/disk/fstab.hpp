// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "disk/partitions.hpp"

namespace sdme::disk {

// One line of fstab(5).
struct FstabLine {
  std::string what;       // "UUID=…", "/dev/vda1"
  std::string where;      // "/boot", as it is written
  std::string subvolume;  // of btrfs, "" where the line names none
};

// Those that can be a file system on a disk: no swap, nothing that is mounted nowhere.
std::vector<FstabLine> parse_fstab(const std::string& text);

// Which partition a line means: by UUID, LABEL, PARTUUID or PARTLABEL, their links in /dev/disk, or
// the number at the end of a device's name. Null for one that is not there, and for other devices.
const Partition* find_partition(std::string_view what, const std::vector<Partition>& partitions);

// The components of a path below the root; none for "/", and for one with "..".
std::vector<std::string> components(std::string_view path);

}  // namespace sdme::disk
