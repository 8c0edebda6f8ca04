// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "os/unique_fd.hpp"

// Mounts by file descriptor, mount_setattr(2) and its neighbours. A detached mount that is not
// attached goes with its fd, so a failure leaves nothing mounted.
namespace sdme::os {

// Gives this process a mount namespace of its own that still hears of the host's new mounts.
void own_mount_namespace();

// A file system to be mounted, as fsconfig(2) is told.
struct FileSystem {
  std::string type;
  std::vector<std::string> flags;                              // "ro"
  std::vector<std::pair<std::string, std::string>> values;  // {"source", "/dev/loop0"}
  unsigned attributes = 0;                                     // MOUNT_ATTR_…
};

// A detached mount of it. NotSupported when the kernel does not know the type; Corrupt when it does
// not like what it finds.
UniqueFd make_mount(const FileSystem& file_system);

void mount_tmpfs(const std::string& path);  // 0755, for directories and small files

// A detached copy of one mount at `path`, without what is mounted below it.
UniqueFd clone_mount(const std::string& path);
UniqueFd clone_mount(const UniqueFd& place);  // of what was opened, with O_PATH
UniqueFd clone_mounts(const UniqueFd& place);  // with what is mounted below it

// What a detached mount does not let through from now on (MOUNT_ATTR_…); nor does it show what anybody
// mounts below the original later.
void restrict_mount(const UniqueFd& mount, std::uint64_t attributes);

void make_read_only(const UniqueFd& mount);  // attached or not

// The id of the mount that `path` leads into, as in the first column of mountinfo.
std::uint64_t mount_id(const std::string& path);

// Shows the ids of a detached mount as those of the user namespace. NotSupported where the file
// system cannot; `what` names it in the error.
void idmap(const UniqueFd& mount, const UniqueFd& user_namespace, const std::string& what);

void attach_mount(const UniqueFd& mount, const std::string& path);  // of our own
void detach_mount(const std::string& path) noexcept;  // and what is mounted below it; none there is fine
void attach_mount(const UniqueFd& mount, int directory);

struct Overlay {
  std::vector<std::string> lower;  // top first
  std::string upper;
  std::string work;
  // Who asks for the mount, as the kernel keeps it for what it writes into the upper directory:
  // with idmapped layers that must be an id which they map.
  uid_t owner = 0;
};

// A detached overlay with `userxattr,index=off,nfs_export=off`: no redirects, no metacopy, so that
// the upper directory is a layer which stands on its own. Never one that came up read-only.
UniqueFd make_overlay(const Overlay& overlay);

}  // namespace sdme::os
