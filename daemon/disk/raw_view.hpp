// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "disk/devices.hpp"
#include "os/dir.hpp"
#include "os/program.hpp"
#include "os/unique_fd.hpp"

namespace sdme::disk {

// A disk image as the bytes of the disk, to be read. A raw image is that already. A QCOW2 image is
// shown as a file by qemu-storage-daemon, a child that has no capability, no network and no file
// but the image: what an image can make of it is nothing on this host. The image is not changed.
class RawView {
 public:
  // `workplace` is a directory of ours, for mounts that only the child sees. Corrupt,
  // UnsupportedFormat; NotSupported where the programs are missing.
  RawView(os::UniqueFd image, Devices& devices, const os::Dir& workplace);

  int fd() const { return disk_.get(); }
  std::uint64_t size() const { return size_; }

 private:
  void show_qcow2(os::UniqueFd image, Devices& devices, const os::Dir& workplace);

  std::unique_ptr<os::Program> qemu_;  // first: it must outlive the file that it shows
  os::UniqueFd disk_;
  std::uint64_t size_ = 0;
};

}  // namespace sdme::disk
