// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "disk/devices.hpp"
#include "disk/partitions.hpp"
#include "disk/raw_view.hpp"
#include "os/unique_fd.hpp"

namespace sdme::disk {

// Whether a partition's content is a file system that is read here, and can hold a system's files
// with owners and links, or (FAT) only those of a boot loader.
enum class Content { kNone, kFiles, kBootFiles };
Content content_of(const Partition& partition);

// Why not: "is encrypted with LUKS"; "" where there is nothing to say.
std::string why_unreadable(const Partition& partition);

// Partitions of one disk, mounted for reading alone: no journal is replayed, nothing in them can be
// executed, opened as a device or followed as a link. Each has one device, however often it is mounted.
class FileSystems {
 public:
  FileSystems(const RawView& disk, const Devices& devices) : disk_(disk), devices_(devices) {}

  // A detached mount; of btrfs the default subvolume unless another is named. Corrupt when it cannot
  // be mounted, or is not all on the disk; NotSupported when this kernel cannot.
  os::UniqueFd mount(const Partition& partition, const std::string& subvolume = "");

  // Whether the last who wrote to it did not end well, so that what the journal holds is not seen.
  bool has_unreplayed_journal(const Partition& partition) const;

 private:
  const std::string& device_of(const Partition& partition);
  void refuse_several_devices(const Partition& partition) const;

  const RawView& disk_;
  const Devices& devices_;
  std::map<int, LoopDevice> in_use_;  // by partition
};

}  // namespace sdme::disk
