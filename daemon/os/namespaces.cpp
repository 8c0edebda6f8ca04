// SPDX-License-Identifier: MIT
#include "os/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <string>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "os/file.hpp"

namespace sdme::os {

namespace {

void write_map(const std::string& path, std::uint32_t base) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno("opening " + path);
  write_all(fd.get(), "0 " + std::to_string(base) + " " + std::to_string(kUserRange), path);
}

}  // namespace

UniqueFd user_namespace(std::uint32_t base) {
  // A namespace needs a process to be born in; this one only waits until it is not needed.
  const auto child =
      static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child < 0) throw_errno("making a user namespace");
  if (child == 0) {
    for (;;) pause();
  }
  const Defer reap([&] {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  });
  const std::string proc = "/proc/" + std::to_string(child);
  write_map(proc + "/uid_map", base);
  write_map(proc + "/gid_map", base);
  UniqueFd fd(::open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno("opening a user namespace");
  return fd;
}

bool shares_user_namespace(pid_t pid) {
  struct stat ours = {};
  struct stat theirs = {};
  const auto path = "/proc/" + std::to_string(pid) + "/ns/user";
  if (stat("/proc/self/ns/user", &ours) < 0 || stat(path.c_str(), &theirs) < 0) throw_errno("looking at " + path);
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace sdme::os
