// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sdme::disk {

// A part of a disk, or the whole of one without a partition table, and what is in it.
struct Partition {
  int number = 0;            // 0 for the whole disk
  std::uint64_t offset = 0;  // in bytes
  std::uint64_t size = 0;
  std::string type;      // of GPT a UUID, of MBR "0x83"
  std::string id;        // PARTUUID
  std::string name;      // PARTLABEL
  bool no_auto = false;  // marked as not to be found by its type
  std::string format;    // of the content, as libblkid calls it: "ext4", "crypto_LUKS"; "" unknown
  std::string uuid;      // of the file system
  std::string label;
};

// Reads the partition table, GPT or MBR, with sectors of 512 or 4096 bytes, and the first bytes of
// each partition. Extended partitions and empty ones are left out. UnsupportedFormat when there are
// more than any disk has, Corrupt when a GPT should be there and is not.
std::vector<Partition> read_partitions(int disk, std::uint64_t size);

// "partition 2 (ext4)", or "the disk (ext4)", for messages.
std::string shown(const Partition& partition);
// All of them, in one line.
std::string shown(const std::vector<Partition>& partitions);

}  // namespace sdme::disk
