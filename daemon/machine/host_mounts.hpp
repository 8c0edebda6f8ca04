// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sdme::machine {

// A file system of the host, beside its root, that a clone of the host shows.
struct HostMount {
  std::uint64_t id = 0;  // of the mount, mount_id()
  std::string path;      // absolute
  std::string escaped;   // the path as one file name, like systemd-escape(1) --path

  bool operator==(const HostMount&) const = default;
};

// Chosen from the text of /proc/self/mountinfo: those on disks, parents first, the topmost of
// each path; nothing of the kernel's, of temporary files, of our own store, and nothing at or
// below a path of `hidden` (absolute; the container's opaque directories).
std::vector<HostMount> host_mounts(std::string_view mountinfo, const std::vector<std::string>& hidden);

}  // namespace sdme::machine
