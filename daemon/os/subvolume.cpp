// SPDX-License-Identifier: MIT
#include "os/subvolume.hpp"

#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.hpp"

namespace sdme::os {

bool is_btrfs(const Dir& directory) {
  struct statfs found = {};
  if (fstatfs(directory.fd(), &found) < 0) throw_errno("looking at the file system of " + directory.path());
  return found.f_type == BTRFS_SUPER_MAGIC;
}

bool is_subvolume(const Dir& directory) {
  struct stat found = {};
  if (fstat(directory.fd(), &found) < 0) throw_errno("looking at " + directory.path());
  return is_btrfs(directory) && found.st_ino == BTRFS_FIRST_FREE_OBJECTID;
}

Dir make_subvolume(const Dir& parent, const std::string& name, mode_t mode) {
  if (!is_btrfs(parent)) return parent.make_dir(name, mode);
  btrfs_ioctl_vol_args wanted = {};
  if (name.size() > BTRFS_SUBVOL_NAME_MAX) throw Error(Errc::kInvalidArgument, "the name of a subvolume is too long");
  name.copy(static_cast<char*>(wanted.name), name.size());
  const auto path = parent.path() + "/" + name;
  if (ioctl(parent.fd(), BTRFS_IOC_SUBVOL_CREATE, &wanted) < 0) throw_errno("making subvolume " + path);
  auto made = parent.open_dir(name);
  if (fchmod(made.fd(), mode) < 0) throw_errno("setting the mode of " + path);
  return made;
}

}  // namespace sdme::os
