// SPDX-License-Identifier: MIT
#include "disk/enclosure.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"
#include "disk/capabilities.hpp"
#include "os/mount.hpp"
#include "os/unique_fd.hpp"

namespace sdme::disk {

namespace {

constexpr id_t kNobody = 65'534;
constexpr rlim_t kMostAddresses = rlim_t{2} << 30U;

void must(int result, const char* doing) {
  if (result < 0) throw_errno(std::string("enclosing a program: ") + doing);
}

// qemu wants a /dev/null to open; a plain file does.
void make_file(const std::string& path, mode_t mode) {
  const os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  must(file.get(), path.c_str());
}

void make_root(const std::string& root, const std::string& place) {
  const auto usr = os::clone_mount("/usr");
  must(mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=64k"), "a root");
  for (const char* name : {"/usr", "/proc", "/dev", "/dev/fd"}) must(mkdir((root + name).c_str(), 0755), name);
  for (const char* name : {"bin", "lib", "lib64"}) {
    must(symlink((std::string("usr/") + name).c_str(), (root + "/" + name).c_str()), name);
  }
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  must(mount_setattr(usr.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes), "/usr");
  os::attach_mount(usr, root + "/usr");
  must(mount("proc", (root + "/proc").c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid"), "/proc");
  make_file(root + "/dev/null", 0666);
  if (!place.empty()) make_file(root + "/dev/fd/" + place, 0644);
}

void move_to(const std::string& root) {
  must(chdir(root.c_str()), "its root");
  must(static_cast<int>(syscall(SYS_pivot_root, ".", ".")), "its root");
  must(umount2(".", MNT_DETACH), "its root");
  must(chdir("/"), "its root");
}

// Whoever may read the file: it is opened again, by /proc/self/fd, with what this user may. The group is nobody's in any
// case: an owner is not asked for it, and with the same user and group the owner's processes could trace this one, and
// keep the kernel waiting for a file that it serves.
void become_reader(int file) {
  struct stat found = {};
  must(fstat(file, &found), "looking at the image");
  const bool anybody = (found.st_mode & S_IROTH) != 0;
  const uid_t user = anybody ? kNobody : found.st_uid;
  must(setgroups(0, nullptr), "groups");
  must(setresgid(kNobody, kNobody, kNobody), "group");
  must(setresuid(user, user, user), "user");
}

}  // namespace

void enclose(const std::string& root, int file, const std::string& place) {
  must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mounts");
  make_root(root, place);
  move_to(root);
  const rlimit memory = {kMostAddresses, kMostAddresses};
  must(setrlimit(RLIMIT_AS, &memory), "memory");
  bound_capabilities({});
  become_reader(file);
  keep_capabilities({});
}

}  // namespace sdme::disk
