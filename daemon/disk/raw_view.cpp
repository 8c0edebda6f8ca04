// SPDX-License-Identifier: MIT
#include "disk/raw_view.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "disk/enclosure.hpp"
#include "disk/qcow2.hpp"
#include "os/mount.hpp"

namespace sdme::disk {

namespace {

constexpr const char* kCheck = "/usr/bin/qemu-img";
constexpr const char* kServe = "/usr/bin/qemu-storage-daemon";
constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWPID;  // the unit has no network

// Their descriptors.
constexpr int kImagePlace = 3;
constexpr int kFusePlace = 4;

// What qemu-img check ends with when there is nothing wrong but space that is lost.
constexpr int kLeaks = 3;

// The image as it is told to qemu, so that nothing in its header makes qemu open more than it.
json::Value block_device() {
  return {{"driver", "qcow2"},
          {"node-name", "disk"},
          {"read-only", true},
          {"backing", nullptr},
          {"file",
           {{"driver", "file"}, {"filename", "/proc/self/fd/" + std::to_string(kImagePlace)}, {"read-only", true}}}};
}

void need(const char* program) {
  if (access(program, X_OK) == 0) return;
  throw Error(Errc::kNotSupported, "QCOW2 images are read by qemu, which is not here; install qemu-utils");
}

// Its words begin with its name and an argument of ours, which end with this.
Error unreadable(const os::Program& program) {
  const auto words = program.words();
  const auto ours = words.rfind("}: ");
  return {Errc::kCorrupt,
          "the QCOW2 image cannot be read: " + (ours == std::string::npos ? words : words.substr(ours + 3))};
}

// What a reader would not notice: data that is not there any more is read as zeros.
void check_whole(int image, const os::Dir& workplace) {
  auto description = block_device();
  description.erase("node-name");
  os::Program check({.argv = {kCheck, "check", "--output=json", "json:" + description.dump()},
                     .fds = {-1, -1, -1, image},
                     .namespaces = kNamespaces,
                     .before_exec = [&] { enclose(workplace.path(), kImagePlace, ""); }});
  const int status = check.wait();
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kLeaks)) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) throw unreadable(check);
  throw Error(Errc::kCorrupt, "the QCOW2 image is truncated or damaged; qemu-img check says more");
}

// A mount whose root is one file, served by whoever reads the other end of `fuse`.
os::UniqueFd mount_file(const os::UniqueFd& fuse) {
  return os::make_mount({.type = "fuse",
                         .flags = {"ro"},
                         .values = {{"source", "disk"},
                                    {"fd", std::to_string(fuse.get())},
                                    {"rootmode", "100000"},  // S_IFREG, octal
                                    {"user_id", "0"},
                                    {"group_id", "0"}},
                         .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC});
}

}  // namespace

RawView::RawView(os::UniqueFd image, Devices& devices, const os::Dir& workplace) {
  if (is_qcow2(image.get())) {
    show_qcow2(std::move(image), devices, workplace);
  } else {
    disk_ = std::move(image);
  }
  struct stat found = {};
  if (fstat(disk_.get(), &found) < 0) throw_errno("looking at the disk image");
  size_ = static_cast<std::uint64_t>(found.st_size);
}

void RawView::show_qcow2(os::UniqueFd image, Devices& devices, const os::Dir& workplace) {
  const bool exact = check_qcow2(image.get());
  need(kCheck);
  need(kServe);
  if (exact) check_whole(image.get(), workplace);
  auto fuse = devices.take_fuse();
  const auto mount = mount_file(fuse);
  // libfuse takes /dev/fd/N for a descriptor that is mounted already; qemu wants to find a file there.
  const auto place = std::to_string(kFusePlace);
  qemu_ = std::make_unique<os::Program>(os::Program::Start{
      .argv = {kServe, "--blockdev", block_device().dump(), "--export",
               "type=fuse,id=disk,node-name=disk,writable=off,allow-other=off,mountpoint=/dev/fd/" + place},
      .fds = {-1, -1, -1, image.get(), fuse.get()},
      .namespaces = kNamespaces,
      .before_exec = [&] { enclose(workplace.path(), kImagePlace, place); }});
  fuse.reset();  // so that the child's end is the end
  // Waits for the child's answer, or for its end.
  disk_ = os::UniqueFd(::open(("/proc/self/fd/" + std::to_string(mount.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (disk_) return;
  if (errno != ENOTCONN && errno != ECONNABORTED) throw_errno("opening the disk image");
  qemu_->wait();
  throw unreadable(*qemu_);
}

}  // namespace sdme::disk
