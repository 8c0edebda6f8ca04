// SPDX-License-Identifier: MIT
#include "disk/tree_stream.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/error.hpp"
#include "disk/capabilities.hpp"

namespace sdme::disk {

namespace {

constexpr const char* kTar = "/usr/bin/tar";

// What tar is led to do by a hostile tree, it does to nothing: root needs no capability to write root's files, this
// job's result among them. A descriptor of the directory would lead out, by its "..".
void enter_read_only(const std::string& path) {
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) < 0) {
    throw_errno("making everything read-only");
  }
  if (chdir(path.c_str()) < 0) throw_errno("entering the disk image");
}

// tar puts its process id into the stream; in a namespace of its own that is always 1.
os::Program::Start tar(const os::Dir& directory, const os::UniqueFd& writing) {
  return {.argv = {kTar, "--create", "--file=-", "--format=posix", "--pax-option=delete=atime,delete=ctime",
                   "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "--sparse", "."},
          .fds = {-1, writing.get(), -1},
          .namespaces = CLONE_NEWPID | CLONE_NEWNS,
          .before_exec = [path = directory.path()] {
            enter_read_only(path);
            keep_capabilities({CAP_DAC_OVERRIDE});
          }};
}

}  // namespace

TreeStream::Pipe TreeStream::make_pipe() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) < 0) throw_errno("making a pipe");
  return {os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

TreeStream::TreeStream(const os::Dir& directory) : TreeStream(directory, make_pipe()) {}

TreeStream::TreeStream(const os::Dir& directory, Pipe pipe)
    : stream_(std::move(pipe.reading)), tar_(tar(directory, pipe.writing)) {}

void TreeStream::finish() {
  const int status = tar_.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw Error(Errc::kCorrupt, "not everything in the disk image can be read: " + tar_.words());
}

}  // namespace sdme::disk
