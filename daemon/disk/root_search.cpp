// SPDX-License-Identifier: MIT
#include "disk/root_search.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/places.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::disk {

namespace {

os::Dir directory_of(const os::UniqueFd& mount) {
  return os::Dir::open("/proc/self/fd/" + std::to_string(mount.get()));
}

layer::Stack stack_of(const os::UniqueFd& mount) {
  std::vector<os::Dir> one;
  one.push_back(directory_of(mount));
  return layer::Stack(std::move(one));
}

// A root whose /usr is on another partition has links to os-release that lead nowhere yet.
bool looks_like_root(const os::UniqueFd& mount) {
  if (has_os_release(mount)) return true;
  const auto dir = directory_of(mount);
  const auto fstab = dir.stat("etc/fstab");
  return dir.find_dir("usr") && (dir.exists("etc/os-release") || (fstab && S_ISREG(fstab->st_mode)));
}

class Search {
 public:
  Search(const std::vector<Partition>& partitions, FileSystems& file_systems)
      : partitions_(partitions), file_systems_(file_systems) {}

  Root run() {
    for (const bool typed : {true, false}) {
      for (const auto& partition : partitions_) {
        if (typed != is_typed(partition) || content_of(partition) != Content::kFiles) continue;
        if (auto mount = look(partition)) return {&partition, std::move(*mount)};
      }
    }
    if (failure_) throw *failure_;
    throw none();
  }

 private:
  static bool is_typed(const Partition& partition) { return role_of(partition) == Role::kRoot && !partition.no_auto; }

  std::optional<os::UniqueFd> look(const Partition& partition) {
    try {
      auto mount = file_systems_.mount(partition);
      if (looks_like_root(mount)) return mount;
    } catch (const Error& error) {
      if (!failure_) failure_ = error;
      return std::nullopt;
    }
    return partition.format == "btrfs" ? look_into_subvolumes(partition) : std::nullopt;
  }

  std::optional<os::UniqueFd> look_into_subvolumes(const Partition& partition) {
    for (const auto* const name : {"@", "@rootfs", "root"}) {
      try {
        auto mount = file_systems_.mount(partition, name);
        if (looks_like_root(mount)) return mount;
      } catch (const Error&) {
        continue;  // not there
      }
    }
    return std::nullopt;
  }

  Error none() const {
    const auto seen = "; what is there: " + shown(partitions_);
    for (const auto& partition : partitions_) {
      const auto why = why_unreadable(partition);
      if (why.empty() || partition.format == "swap") continue;
      const auto what =
          partition.number == 0 ? std::string("the disk image") : "partition " + std::to_string(partition.number);
      return {Errc::kUnsupportedFormat, "no root file system was found in the disk image: " + what + " " + why + seen};
    }
    return {Errc::kUnsupportedFormat, "no root file system was found in the disk image" + seen};
  }

  const std::vector<Partition>& partitions_;
  FileSystems& file_systems_;
  std::optional<Error> failure_;  // of the first that could not be read
};

}  // namespace

bool has_os_release(const os::UniqueFd& mount) {
  const auto stack = stack_of(mount);
  return static_cast<bool>(stack.open_file("/etc/os-release")) ||
         static_cast<bool>(stack.open_file("/usr/lib/os-release"));
}

bool looks_like_usr(const os::UniqueFd& mount) {
  const auto dir = directory_of(mount);
  return dir.exists("lib/os-release") && dir.find_dir("bin") && !dir.exists("etc");
}

bool looks_like_boot(const os::UniqueFd& mount) {
  if (has_os_release(mount)) return false;
  const auto names = directory_of(mount).entries();
  return std::ranges::any_of(names, [](const std::string& name) {
    return name.starts_with("vmlinuz") || name == "loader" || name == "grub" || name == "grub2" || name == "EFI" ||
           name == "extlinux";
  });
}

Root find_root(const std::vector<Partition>& partitions, FileSystems& file_systems) {
  return Search(partitions, file_systems).run();
}

}  // namespace sdme::disk
