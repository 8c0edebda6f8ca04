// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "disk/file_system.hpp"
#include "disk/partitions.hpp"
#include "disk/places.hpp"
#include "os/dir.hpp"

namespace sdme::disk {

// The system on a disk as it would see itself: its root, and on that its other partitions, /usr and
// /boot and what else its fstab names. Mounted for reading at a directory of ours.
class SystemTree {
 public:
  // `workplace` is where; nobody else sees it. UnsupportedFormat when no system is found, which says
  // what is there instead; Corrupt, NotSupported.
  SystemTree(const std::vector<Partition>& partitions, FileSystems& file_systems, const os::Dir& workplace);
  ~SystemTree();
  SystemTree(const SystemTree&) = delete;
  SystemTree& operator=(const SystemTree&) = delete;

  os::Dir root() const { return os::Dir::open(path_); }
  std::uint64_t used() const { return used_; }           // bytes on the file systems, about what is to be read
  const std::string& warning() const { return warning_; }  // what was left out, "" nothing

 private:
  void place(const Place& place);
  void take(const Partition& partition, const os::UniqueFd& mount);
  void warn(const std::string& sentence);

  FileSystems& file_systems_;
  std::string path_;
  std::uint64_t used_ = 0;
  std::string warning_;
};

}  // namespace sdme::disk
