// SPDX-License-Identifier: MIT
#include "disk/file_system.hpp"

#include <endian.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/mount.hpp"

namespace sdme::disk {

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

struct Kind {
  std::string_view format;  // as libblkid calls it
  std::string_view type;    // as the kernel does
  Content content;
  std::vector<std::string> flags;
  Values values;
};

// An image says itself what is to happen when it is found damaged, and may say panic; "errors" says
// it instead.
const std::vector<Kind>& kinds() {
  static const Values kGoOn = {{"errors", "continue"}};
  static const std::vector<Kind> kKinds = {
      {"ext2", "ext4", Content::kFiles, {"noload"}, kGoOn},
      {"ext3", "ext4", Content::kFiles, {"noload"}, kGoOn},
      {"ext4", "ext4", Content::kFiles, {"noload"}, kGoOn},
      {"xfs", "xfs", Content::kFiles, {"norecovery", "nouuid"}, {}},
      {"btrfs", "btrfs", Content::kFiles, {}, {{"rescue", "nologreplay"}}},
      {"f2fs", "f2fs", Content::kFiles, {"norecovery"}, {}},
      {"squashfs", "squashfs", Content::kFiles, {}, kGoOn},
      {"erofs", "erofs", Content::kFiles, {}, {}},
      {"vfat", "vfat", Content::kBootFiles, {}, kGoOn},
  };
  return kKinds;
}

const Kind* kind_of(const Partition& partition) {
  const auto found = std::ranges::find(kinds(), partition.format, &Kind::format);
  return found == kinds().end() ? nullptr : &*found;
}

struct Refusal {
  std::string_view format;
  std::string_view why;
};

constexpr std::array kRefusals = {
    Refusal{"crypto_LUKS", "is encrypted with LUKS"},
    Refusal{"BitLocker", "is encrypted with BitLocker"},
    Refusal{"LVM2_member", "belongs to an LVM volume group"},
    Refusal{"LVM1_member", "belongs to an LVM volume group"},
    Refusal{"linux_raid_member", "belongs to a RAID"},
    Refusal{"ddf_raid_member", "belongs to a RAID"},
    Refusal{"isw_raid_member", "belongs to a RAID"},
    Refusal{"zfs_member", "belongs to a ZFS pool"},
    Refusal{"bcache", "belongs to a bcache"},
    Refusal{"DM_verity_hash", "holds only check sums"},
    Refusal{"swap", "is swap space"},
    Refusal{"ntfs", "is of Windows (NTFS)"},
    Refusal{"ReFS", "is of Windows (ReFS)"},
    Refusal{"exfat", "is exFAT, which holds no system"},
    Refusal{"apfs", "is of macOS (APFS)"},
    Refusal{"hfsplus", "is of macOS (HFS+)"},
    Refusal{"iso9660", "is a CD image, which holds an installer at best"},
    Refusal{"udf", "is a DVD image, which holds an installer at best"},
};

// A little-endian number of a superblock; 0 when it is not there.
std::uint64_t number_at(int disk, std::uint64_t offset) {
  std::uint64_t value = 0;
  if (pread(disk, &value, sizeof value, static_cast<off_t>(offset)) != sizeof value) return 0;
  return le64toh(value);
}

std::string file_system_shown(const Partition& partition) {
  return "the " + partition.format + " file system of " +
         (partition.number == 0 ? "the disk image" : "partition " + std::to_string(partition.number));
}

}  // namespace

Content content_of(const Partition& partition) {
  const auto* const kind = kind_of(partition);
  return kind ? kind->content : Content::kNone;
}

std::string why_unreadable(const Partition& partition) {
  const auto found = std::ranges::find(kRefusals, partition.format, &Refusal::format);
  return found == kRefusals.end() ? "" : std::string(found->why);
}

const std::string& FileSystems::device_of(const Partition& partition) {
  const auto known = in_use_.find(partition.number);
  if (known != in_use_.end()) return known->second.path;
  if (partition.offset >= disk_.size() || partition.size > disk_.size() - partition.offset) {
    throw Error(Errc::kCorrupt, "the disk image is truncated: " + shown(partition) + " is not all in it");
  }
  return in_use_.emplace(partition.number, devices_.loop(disk_.fd(), partition.offset, partition.size))
      .first->second.path;
}

// The kernel would look for the others among the devices that this host knows.
void FileSystems::refuse_several_devices(const Partition& partition) const {
  constexpr std::uint64_t kSuperblock = 64 * 1024;
  constexpr std::uint64_t kCount = 0x88;  // num_devices
  if (partition.format != "btrfs" || number_at(disk_.fd(), partition.offset + kSuperblock + kCount) == 1) return;
  throw Error(Errc::kUnsupportedFormat, file_system_shown(partition) + " is on several disks");
}

bool FileSystems::has_unreplayed_journal(const Partition& partition) const {
  constexpr std::uint64_t kSuperblock = 1024;
  constexpr std::uint64_t kFeatures = 0x60;  // s_feature_incompat, 32 bits
  constexpr std::uint64_t kNeedsRecovery = 4;
  if (partition.format != "ext3" && partition.format != "ext4") return false;
  return (number_at(disk_.fd(), partition.offset + kSuperblock + kFeatures) & kNeedsRecovery) != 0;
}

os::UniqueFd FileSystems::mount(const Partition& partition, const std::string& subvolume) {
  const auto* const kind = kind_of(partition);
  if (!kind) throw Error(Errc::kUnsupportedFormat, shown(partition) + " is of no kind that is read here");
  refuse_several_devices(partition);
  auto flags = kind->flags;
  flags.emplace_back("ro");
  auto values = kind->values;
  values.emplace_back("source", device_of(partition));
  if (!subvolume.empty()) values.emplace_back("subvol", subvolume);
  return while_doing(file_system_shown(partition) + " cannot be read", [&] {
    return os::make_mount({.type = std::string(kind->type),
                           .flags = std::move(flags),
                           .values = std::move(values),
                           .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                         MOUNT_ATTR_NOSYMFOLLOW});
  });
}

}  // namespace sdme::disk
