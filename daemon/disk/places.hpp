// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "disk/fstab.hpp"
#include "disk/partitions.hpp"

namespace sdme::disk {

// What a partition is by its type, as the Discoverable Partitions Specification has them for this
// architecture, and MBR its few.
enum class Role { kOther, kRoot, kUsr, kBoot, kEsp };
Role role_of(const Partition& partition);

// A partition's file system and where it belongs in the tree of the system.
struct Place {
  std::string where;  // components joined by '/': "usr", "boot/efi"
  const Partition* partition;
  std::string subvolume;
  bool in_fstab;  // else it is there only because of its type or content
};

// What the content of partitions says, asked only where nothing else does.
struct Looks {
  std::function<bool(const Partition&)> like_usr;
  std::function<bool(const Partition&)> like_boot;
  std::function<bool(const std::string& where)> is_empty;  // a directory of the root that is there and has no entries
};

// Where everything but the root goes, parents first: what the root's fstab says, else by type, else
// by content. What is not on this disk is left out. Pointers are into `partitions`.
std::vector<Place> plan_places(const std::vector<Partition>& partitions, const Partition& root,
                               const std::vector<FstabLine>& fstab, const Looks& looks);

}  // namespace sdme::disk
