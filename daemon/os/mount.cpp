// SPDX-License-Identifier: MIT
#include "os/mount.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/acting.hpp"

namespace sdme::os {

namespace {

UniqueFd new_file_system(const std::string& type) {
  UniqueFd fs(fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!fs && errno == ENODEV)
    throw Error(Errc::kNotSupported, "this host's kernel cannot read file systems of type " + type);
  if (!fs) throw_errno("asking the kernel for file system " + type);
  return fs;
}

// What the kernel has to say about the last failure, which errno alone seldom explains.
std::string kernel_words(const UniqueFd& fs) {
  std::string words;
  char line[512];
  for (ssize_t count = 0; (count = read(fs.get(), line, sizeof line)) > 0;) {
    // A line is a letter for its level, a space, and the text.
    const auto text = std::string_view(line, static_cast<std::size_t>(count)).substr(count > 2 ? 2 : 0);
    words += (words.empty() ? "" : "; ") + text::printable(text);
  }
  return words;
}

[[noreturn]] void refuse(const UniqueFd& fs, const std::string& doing) {
  const int number = errno;
  const auto words = kernel_words(fs);
  throw Error::from_errno(number, words.empty() ? doing : doing + " (" + words + ")");
}

void set(const UniqueFd& fs, const char* key, const std::string& value) {
  if (fsconfig(fs.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) < 0) {
    refuse(fs, std::string("setting ") + key + " of a mount to " + text::quoted(value));
  }
}

void set_flag(const UniqueFd& fs, const std::string& flag) {
  if (fsconfig(fs.get(), FSCONFIG_SET_FLAG, flag.c_str(), nullptr, 0) < 0)
    refuse(fs, "setting " + flag + " of a mount");
}

// The kernel has looked at the file system and does not want it: most numbers say no more than that.
[[noreturn]] void refuse_content(const UniqueFd& fs, const std::string& type) {
  const int number = errno;
  const auto doing = "mounting a file system of type " + type;
  if (number == EPERM || number == EACCES || number == ENOMEM || number == EBUSY || number == ENOENT) {
    refuse(fs, doing);
  }
  const auto words = kernel_words(fs);
  const auto why = Error::from_errno(number, doing).message();
  throw Error(Errc::kCorrupt, words.empty() ? why : why + " (" + words + ")");
}

UniqueFd finish(const UniqueFd& fs) {
  if (fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) refuse(fs, "making a mount");
  UniqueFd mount(fsmount(fs.get(), FSMOUNT_CLOEXEC, 0));
  if (!mount) refuse(fs, "making a mount");
  return mount;
}

}  // namespace

void own_mount_namespace() {
  if (unshare(CLONE_NEWNS) < 0) throw_errno("making a mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0) throw_errno("keeping mounts to ourselves");
}

UniqueFd make_mount(const FileSystem& file_system) {
  const auto fs = new_file_system(file_system.type);
  for (const auto& flag : file_system.flags) set_flag(fs, flag);
  for (const auto& [key, value] : file_system.values) set(fs, key.c_str(), value);
  if (fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) refuse_content(fs, file_system.type);
  UniqueFd mount(fsmount(fs.get(), FSMOUNT_CLOEXEC, file_system.attributes));
  if (!mount) refuse(fs, "making a mount");
  return mount;
}

void mount_tmpfs(const std::string& path) {
  if (mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m") < 0) {
    throw_errno("mounting a tmpfs at " + path);
  }
}

UniqueFd clone_mount(const std::string& path) {
  UniqueFd mount(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!mount) throw_errno("cloning the mount at " + path);
  return mount;
}

UniqueFd clone_mount(const UniqueFd& place) {
  UniqueFd mount(open_tree(place.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!mount) throw_errno("cloning a mount");
  return mount;
}

UniqueFd clone_mounts(const UniqueFd& place) {
  UniqueFd mount(open_tree(place.get(), "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!mount) throw_errno("cloning a mount and those below it");
  return mount;
}

void restrict_mount(const UniqueFd& mount, std::uint64_t attributes) {
  struct mount_attr attr = {};
  attr.attr_set = attributes;
  attr.propagation = MS_PRIVATE;
  if (mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) < 0) throw_errno("restricting a mount");
}

void make_read_only(const UniqueFd& mount) {
  struct mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  if (mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) < 0) throw_errno("making a mount read-only");
}

std::uint64_t mount_id(const std::string& path) {
  struct statx found = {};
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &found) < 0) throw_errno("looking at " + path);
  return found.stx_mnt_id;
}

void idmap(const UniqueFd& mount, const UniqueFd& user_namespace, const std::string& what) {
  struct mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(user_namespace.get());
  if (mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) == 0) return;
  if (errno != EINVAL && errno != EOPNOTSUPP) throw_errno("mapping the ids of " + what);
  throw Error(Errc::kNotSupported,
              "the file system of " + what + " cannot map ids, so a container on it cannot have a user namespace");
}

void attach_mount(const UniqueFd& mount, const std::string& path) {
  if (move_mount(mount.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    throw_errno("mounting at " + path);
  }
}

void attach_mount(const UniqueFd& mount, int directory) {
  if (move_mount(mount.get(), "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
    throw_errno("mounting at a directory");
  }
}

void detach_mount(const std::string& path) noexcept { umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW); }

UniqueFd make_overlay(const Overlay& overlay) {
  const ActingAs acting(overlay.owner);
  const auto fs = new_file_system("overlay");
  set_flag(fs, "userxattr");
  set(fs, "index", "off");
  set(fs, "nfs_export", "off");
  for (const auto& lower : overlay.lower) set(fs, "lowerdir+", lower);
  set(fs, "upperdir", overlay.upper);
  set(fs, "workdir", overlay.work);
  auto mount = finish(fs);
  struct statvfs found = {};
  if (fstatvfs(mount.get(), &found) < 0) throw_errno("looking at an overlay");
  if ((found.f_flag & ST_RDONLY) != 0) {
    const auto words = kernel_words(fs);
    throw Error(Errc::kNotSupported, "the overlay came up read-only: " + (words.empty() ? "is its disk full?" : words));
  }
  return mount;
}

}  // namespace sdme::os
