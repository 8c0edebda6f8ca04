// SPDX-License-Identifier: MIT
#include "disk/system_tree.hpp"

#include <sys/statvfs.h>

#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/fstab.hpp"
#include "disk/root_search.hpp"
#include "layer/stack.hpp"
#include "os/file.hpp"
#include "os/mount.hpp"

namespace sdme::disk {

namespace {

constexpr std::size_t kLongestFstab = 64 * 1024;

std::vector<FstabLine> fstab_of(const os::Dir& root) {
  std::vector<os::Dir> one;
  one.push_back(root.open_dir("."));
  const auto file = layer::Stack(std::move(one)).open_file("/etc/fstab");
  return file ? parse_fstab(os::read_all(file.get(), kLongestFstab, "fstab")) : std::vector<FstabLine>{};
}

// Whether a partition can be mounted and looks so. One that cannot is none, since nothing names it.
auto asking(FileSystems& file_systems, bool (*looks)(const os::UniqueFd&)) {
  return [&file_systems, looks](const Partition& partition) {
    try {
      return looks(file_systems.mount(partition));
    } catch (const Error&) {
      return false;
    }
  };
}

}  // namespace

SystemTree::SystemTree(const std::vector<Partition>& partitions, FileSystems& file_systems, const os::Dir& workplace)
    : file_systems_(file_systems), path_(workplace.path()) {
  const auto found = find_root(partitions, file_systems_);
  take(*found.partition, found.mount);
  os::attach_mount(found.mount, path_);
  try {
    const Looks looks = {.like_usr = asking(file_systems_, looks_like_usr),
                         .like_boot = asking(file_systems_, looks_like_boot),
                         .is_empty = [&](const std::string& where) {
                           const auto dir = root().find_dir(where);
                           return dir && dir->entries().empty();
                         }};
    for (const auto& next : plan_places(partitions, *found.partition, fstab_of(root()), looks)) place(next);
    if (layer::Stack::of_directory(path_).os_release().empty()) {
      throw Error(Errc::kUnsupportedFormat,
                  "no root file system was found in the disk image: " + shown(*found.partition) +
                      " looks like one, but has no os-release, with its other partitions neither; "
                      "what is there: " +
                      shown(partitions));
    }
  } catch (...) {
    os::detach_mount(path_);
    throw;
  }
}

SystemTree::~SystemTree() { os::detach_mount(path_); }

// Directories are found without following a link: an image's links mean another tree than ours.
void SystemTree::place(const Place& place) {
  const auto dir = root().find_dir(place.where);
  if (!dir)
    return warn("/" + text::printable(place.where) + " was left out: there is no such directory to mount it on");
  try {
    const auto mount = file_systems_.mount(*place.partition, place.subvolume);
    os::attach_mount(mount, dir->fd());
    take(*place.partition, mount);
  } catch (const Error& error) {
    const bool needed = place.in_fstab || place.where == "usr";
    if (needed && error.code() != Errc::kNotSupported) throw;
    warn("/" + text::printable(place.where) + " was left out: " + error.message());
  }
}

void SystemTree::take(const Partition& partition, const os::UniqueFd& mount) {
  struct statvfs found = {};
  if (fstatvfs(mount.get(), &found) == 0 && found.f_bfree <= found.f_blocks) {
    used_ += (found.f_blocks - found.f_bfree) * found.f_frsize;
  }
  if (file_systems_.has_unreplayed_journal(partition)) {
    warn(shown(partition) + " was not unmounted cleanly, and what its journal holds was left out");
  }
}

void SystemTree::warn(const std::string& sentence) { warning_ += (warning_.empty() ? "" : "; ") + sentence; }

}  // namespace sdme::disk
