// SPDX-License-Identifier: MIT
#include "disk/partitions.hpp"

#include <blkid/blkid.h>

#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::disk {

namespace {

constexpr int kMostPartitions = 128;
constexpr std::uint64_t kUnit = 512;  // of libblkid, whatever the sectors are

struct Free {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, Free>;

Probe new_probe(int disk, std::uint64_t offset, std::uint64_t size) {
  Probe probe(blkid_new_probe());
  if (!probe) throw Error(Errc::kInternal, "libblkid does not start");
  if (blkid_probe_set_device(probe.get(), disk, static_cast<blkid_loff_t>(offset), static_cast<blkid_loff_t>(size)) !=
      0) {
    throw Error(Errc::kCorrupt, "the disk image cannot be read");
  }
  return probe;
}

std::string text_of(const char* text) { return text ? text : ""; }

std::string value(const Probe& probe, const char* name) {
  const char* found = nullptr;
  return blkid_probe_lookup_value(probe.get(), name, &found, nullptr) == 0 ? text_of(found) : "";
}

void look_inside(int disk, Partition& partition) {
  const auto probe = new_probe(disk, partition.offset, partition.size);
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
  if (blkid_do_safeprobe(probe.get()) != 0) return;  // nothing, or several things at once
  partition.format = value(probe, "TYPE");
  partition.uuid = value(probe, "UUID");
  partition.label = value(probe, "LABEL");
}

Partition entry(blkid_partition found, const std::string& table) {
  constexpr unsigned long long kNoAuto = 1ULL << 63U;  // SD_GPT_FLAG_NO_AUTO
  constexpr auto kHex = "0123456789abcdef";
  Partition partition;
  partition.number = blkid_partition_get_partno(found);
  partition.offset = static_cast<std::uint64_t>(blkid_partition_get_start(found)) * kUnit;
  partition.size = static_cast<std::uint64_t>(blkid_partition_get_size(found)) * kUnit;
  if (table == "gpt") {
    partition.type = text_of(blkid_partition_get_type_string(found));
    partition.no_auto = (blkid_partition_get_flags(found) & kNoAuto) != 0;
  } else {
    const auto type = static_cast<unsigned>(blkid_partition_get_type(found));
    partition.type = {'0', 'x', kHex[type >> 4U & 15U], kHex[type & 15U]};
  }
  partition.id = text_of(blkid_partition_get_uuid(found));
  partition.name = text_of(blkid_partition_get_name(found));
  return partition;
}

// Nothing when the disk has no table that is to be read with sectors of this size.
std::vector<Partition> read_table(int disk, std::uint64_t size, unsigned sector) {
  const auto probe = new_probe(disk, 0, size);
  blkid_probe_set_sectorsize(probe.get(), sector);
  blkid_probe_enable_superblocks(probe.get(), 0);
  blkid_probe_enable_partitions(probe.get(), 1);
  blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_ENTRY_DETAILS);
  blkid_partlist list = blkid_probe_get_partitions(probe.get());
  blkid_parttable table = list ? blkid_partlist_get_table(list) : nullptr;
  const auto kind = table ? text_of(blkid_parttable_get_type(table)) : "";
  if (kind != "gpt" && kind != "dos") return {};
  const int count = blkid_partlist_numof_partitions(list);
  if (count > kMostPartitions) {
    throw Error(Errc::kUnsupportedFormat, "the disk image has " + std::to_string(count) +
                                              " partitions, more than the " + std::to_string(kMostPartitions) +
                                              " that are looked at");
  }
  std::vector<Partition> partitions;
  for (int i = 0; i < count; ++i) {
    blkid_partition found = blkid_partlist_get_partition(list, i);
    if (!found || blkid_partition_is_extended(found) != 0 || blkid_partition_get_size(found) <= 0) continue;
    partitions.push_back(entry(found, kind));
  }
  return partitions;
}

// The first sector says that a GPT follows.
bool announces_gpt(int disk, std::uint64_t size) {
  const auto probe = new_probe(disk, 0, size);
  blkid_probe_enable_superblocks(probe.get(), 0);
  blkid_probe_enable_partitions(probe.get(), 1);
  return blkid_do_safeprobe(probe.get()) == 0 && value(probe, "PTTYPE") == "PMBR";
}

}  // namespace

std::vector<Partition> read_partitions(int disk, std::uint64_t size) {
  auto partitions = read_table(disk, size, 512);
  if (partitions.empty()) partitions = read_table(disk, size, 4096);
  if (partitions.empty() && announces_gpt(disk, size)) {
    throw Error(Errc::kCorrupt, "the disk image is truncated, or its partition table damaged");
  }
  if (partitions.empty()) partitions.push_back({.size = size});
  for (auto& partition : partitions) {
    if (partition.offset < size && partition.size <= size - partition.offset) look_inside(disk, partition);
  }
  return partitions;
}

std::string shown(const Partition& partition) {
  const auto what = partition.number == 0 ? std::string("the disk") : "partition " + std::to_string(partition.number);
  return what + " (" + (partition.format.empty() ? "unknown" : text::printable(partition.format)) + ")";
}

std::string shown(const std::vector<Partition>& partitions) {
  constexpr std::size_t kMostShown = 12;
  std::vector<std::string> words;
  for (const auto& partition : partitions) {
    if (words.size() == kMostShown) {
      words.push_back("and " + std::to_string(partitions.size() - kMostShown) + " more");
      break;
    }
    words.push_back(shown(partition));
  }
  return text::join(words, ", ");
}

}  // namespace sdme::disk
