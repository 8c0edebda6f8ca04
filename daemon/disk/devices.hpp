// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "os/unique_fd.hpp"

namespace sdme::disk {

// A part of a file as a block device that can only be read. It goes with the last that uses it: this
// descriptor, or the file system that is mounted from it. Partitions on it are not looked for.
struct LoopDevice {
  std::string path;
  os::UniqueFd fd;
};

// The /dev of this process, in a mount namespace of its own: empty but for /dev/null and the
// loop devices it makes. Some file systems name further devices, by path, on which they go on; what a hostile one
// names is not there.
class Devices {
 public:
  // Moves this process, which must have one thread, into the namespace. NotSupported without loop devices.
  Devices();

  LoopDevice loop(int file, std::uint64_t offset, std::uint64_t size) const;

  // The kernel's side of a file system whose other side is a process. NotSupported without FUSE.
  os::UniqueFd take_fuse();

 private:
  os::UniqueFd control_;
  os::UniqueFd fuse_;
};

}  // namespace sdme::disk
