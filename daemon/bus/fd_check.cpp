// SPDX-License-Identifier: MIT
#include "bus/fd_check.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "os/file.hpp"

namespace sdme::bus {

namespace {

constexpr std::array<std::uint64_t, 9> kKernelFileSystems = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,   CGROUP_SUPER_MAGIC,
                                                             CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
                                                             SECURITYFS_MAGIC,    BPF_FS_MAGIC,  NSFS_MAGIC};

[[noreturn]] void refuse(const std::string& argument, const std::string& why) {
  throw Error(Errc::kInvalidArgument, "file descriptor '" + argument + "' " + why);
}

int flags_of(int fd, const std::string& argument) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) refuse(argument, "is not open");
  if ((flags & O_PATH) != 0) refuse(argument, "was opened with O_PATH, which proves no right to its content");
  if ((flags & O_DIRECT) != 0) refuse(argument, "was opened with O_DIRECT");
  return flags;
}

void check_direction(int flags, const std::string& argument, Direction direction) {
  const int mode = flags & O_ACCMODE;
  if (direction == Direction::kRead && mode == O_WRONLY) refuse(argument, "is not open for reading");
  if (direction == Direction::kWrite && mode == O_RDONLY) refuse(argument, "is not open for writing");
}

struct stat stat_of(int fd, const std::string& argument) {
  struct stat found = {};
  if (fstat(fd, &found) < 0) refuse(argument, "cannot be looked at");
  return found;
}

}  // namespace

os::UniqueFd take_data(const sdbus::UnixFd& fd, const std::string& argument) {
  const int flags = flags_of(fd.get(), argument);
  check_direction(flags, argument, Direction::kRead);
  const auto found = stat_of(fd.get(), argument);
  if (!S_ISREG(found.st_mode) && !S_ISFIFO(found.st_mode)) {
    refuse(argument, "must be a regular file or a pipe; of a directory, send a tar stream");
  }
  struct statfs system = {};
  if (S_ISREG(found.st_mode) &&
      (fstatfs(fd.get(), &system) < 0 ||
       std::ranges::find(kKernelFileSystems, static_cast<std::uint64_t>(system.f_type)) != kKernelFileSystems.end())) {
    refuse(argument, "is on a file system of the kernel, such as /proc");
  }
  return os::duplicate(fd.get());
}

os::UniqueFd take_stream(const sdbus::UnixFd& fd, const std::string& argument, Direction direction) {
  const int flags = flags_of(fd.get(), argument);
  check_direction(flags, argument, direction);
  const auto found = stat_of(fd.get(), argument);
  int type = 0;
  socklen_t size = sizeof type;
  const bool stream_socket =
      S_ISSOCK(found.st_mode) && getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  if (!S_ISFIFO(found.st_mode) && !stream_socket) {
    refuse(argument, "must be a pipe or a stream socket: a guest could reach out through anything else");
  }
  return os::duplicate(fd.get());
}

bool is_pipe(const os::UniqueFd& fd) {
  struct stat found = {};
  return fstat(fd.get(), &found) == 0 && S_ISFIFO(found.st_mode);
}

}  // namespace sdme::bus
