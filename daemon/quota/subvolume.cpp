// SPDX-License-Identifier: MIT
#include "quota/subvolume.hpp"

#include <endian.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "os/subvolume.hpp"

namespace sdme::quota::subvolume {

namespace {

constexpr std::uint64_t kNone = UINT64_MAX;  // CLEAR_VALUE of the kernel's btrfs: no limit

// The number of the subvolume, which is that of its group, too: level 0 has one for each.
std::uint64_t group_of(const os::Dir& directory) {
  btrfs_ioctl_get_subvol_info_args found = {};
  if (ioctl(directory.fd(), BTRFS_IOC_GET_SUBVOL_INFO, &found) < 0)
    throw_errno("asking for the subvolume of " + directory.path());
  return found.treeid;
}

btrfs_ioctl_search_args search_for_group(std::uint64_t group) {
  btrfs_ioctl_search_args search = {};
  auto& key = search.key;
  key.tree_id = BTRFS_QUOTA_TREE_OBJECTID;
  key.min_type = key.max_type = BTRFS_QGROUP_INFO_KEY;
  key.min_offset = key.max_offset = group;
  key.max_transid = UINT64_MAX;
  key.nr_items = 1;
  return search;
}

struct Count {
  bool has_quotas = false;
  std::optional<std::uint64_t> bytes;  // of the group, if there is one
};

// BTRFS_IOC_TREE_SEARCH, in the format that is on the disk; /sys/fs/btrfs says the same, but a host that is a container
// itself does not have it.
Count count(const os::Dir& directory) {
  if (!os::is_subvolume(directory)) return {.has_quotas = true, .bytes = std::nullopt};
  auto search = search_for_group(group_of(directory));
  if (ioctl(directory.fd(), BTRFS_IOC_TREE_SEARCH, &search) < 0) {
    if (errno == ENOENT) return {};
    throw_errno("asking how much " + directory.path() + " holds");
  }
  if (search.key.nr_items == 0) return {.has_quotas = true, .bytes = std::nullopt};
  btrfs_qgroup_info_item item = {};
  std::memcpy(&item, static_cast<const char*>(search.buf) + sizeof(btrfs_ioctl_search_header), sizeof item);
  return {.has_quotas = true, .bytes = le64toh(item.rfer)};
}

}  // namespace

std::optional<std::string> obstacle(const os::Dir& directory) {
  const auto counted = count(directory);
  if (!counted.has_quotas)
    return "the btrfs of the store has no quotas; 'btrfs quota enable --simple /var/lib/sdmed' turns them on";
  if (counted.bytes) return std::nullopt;
  return "the container was made when its file system did not count what it writes; make it anew";
}

std::uint64_t used(const os::Dir& directory) { return count(directory).bytes.value_or(0); }

void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes) {
  btrfs_ioctl_qgroup_limit_args wanted = {};  // group 0 is that of the subvolume itself
  wanted.lim.flags = BTRFS_QGROUP_LIMIT_MAX_RFER;
  wanted.lim.max_rfer = bytes.value_or(kNone);
  if (ioctl(directory.fd(), BTRFS_IOC_QGROUP_LIMIT, &wanted) < 0)
    throw_errno("limiting what " + directory.path() + " may hold");
}

}  // namespace sdme::quota::subvolume
