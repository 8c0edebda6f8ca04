// SPDX-License-Identifier: MIT
#include "disk/devices.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "os/mount.hpp"

namespace sdme::disk {

namespace {

constexpr unsigned kLoopMajor = 7;
constexpr unsigned kMemoryMajor = 1;
constexpr unsigned kNullMinor = 3;
constexpr int kMostTries = 64;  // others take loop devices too

os::UniqueFd open_device(const char* path, int flags) { return os::UniqueFd(::open(path, flags | O_CLOEXEC)); }

// False when somebody else was quicker.
bool configure(int device, int file, std::uint64_t offset, std::uint64_t size) {
  loop_config config = {};
  config.fd = static_cast<std::uint32_t>(file);
  config.info.lo_offset = offset;
  config.info.lo_sizelimit = size;
  config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
  if (ioctl(device, LOOP_CONFIGURE, &config) == 0) return true;
  if (errno == EBUSY) return false;
  throw_errno("making a loop device");
}

}  // namespace

Devices::Devices() {
  os::own_mount_namespace();
  control_ = open_device("/dev/loop-control", O_RDWR);
  if (!control_) {
    throw Error(Errc::kNotSupported, "this host has no loop devices, with which disk images are read (modprobe loop)");
  }
  fuse_ = open_device("/dev/fuse", O_RDWR);
  if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") < 0) {
    throw_errno("making a directory for devices");
  }
  if (mknod("/dev/null", S_IFCHR | 0666, makedev(kMemoryMajor, kNullMinor)) < 0) throw_errno("making /dev/null");
}

LoopDevice Devices::loop(int file, std::uint64_t offset, std::uint64_t size) const {
  for (int tries = 0; tries < kMostTries; ++tries) {
    const int number = ioctl(control_.get(), LOOP_CTL_GET_FREE);
    if (number < 0) throw_errno("looking for a free loop device");
    const auto path = "/dev/loop" + std::to_string(number);
    if (mknod(path.c_str(), S_IFBLK | 0600, makedev(kLoopMajor, static_cast<unsigned>(number))) < 0 &&
        errno != EEXIST) {
      throw_errno("making " + path);
    }
    auto fd = open_device(path.c_str(), O_RDONLY);
    if (!fd) throw_errno("opening " + path);
    if (configure(fd.get(), file, offset, size)) return {path, std::move(fd)};
  }
  throw Error(Errc::kBusy, "no loop device stays free long enough; try again later");
}

os::UniqueFd Devices::take_fuse() {
  if (!fuse_)
    throw Error(Errc::kNotSupported, "this host has no FUSE, with which QCOW2 images are read (modprobe fuse)");
  return std::move(fuse_);
}

}  // namespace sdme::disk
