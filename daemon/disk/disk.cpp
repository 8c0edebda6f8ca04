// SPDX-License-Identifier: MIT
#include "disk/disk.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "archive/budget.hpp"
#include "archive/decompress.hpp"
#include "archive/input.hpp"
#include "base/error.hpp"
#include "disk/capabilities.hpp"
#include "disk/devices.hpp"
#include "disk/file_system.hpp"
#include "disk/partitions.hpp"
#include "disk/raw_view.hpp"
#include "disk/system_tree.hpp"
#include "disk/tree_stream.hpp"
#include "image/root.hpp"
#include "image/tarball.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::disk {

namespace {

constexpr mode_t kOwnMode = 0700;
constexpr const char* kWorkplace = "mounts";

// A block device on a file that a caller's own process serves would wait for it for ever, and could
// not be killed.
void refuse_served_by_a_process(const os::UniqueFd& image) {
  struct statfs found = {};
  if (fstatfs(image.get(), &found) < 0) throw_errno("looking at the disk image");
  if (found.f_type != FUSE_SUPER_MAGIC) return;
  throw Error(
      Errc::kNotSupported,
      "the disk image is on a FUSE file system, where a block device cannot be made of it; copy it to a local disk");
}

void refuse_irregular(const os::UniqueFd& image) {
  struct stat found = {};
  if (fstat(image.get(), &found) < 0) throw_errno("looking at the disk image");
  if (!S_ISREG(found.st_mode)) throw Error(Errc::kInvalidArgument, "a disk image must be a regular file");
}

os::UniqueFd open_image(job::Worker& worker, const os::Dir& staging) {
  const auto where = json::get<std::string>(worker.request().at("before"), "image");
  if (where == "staging") {
    // The worker that left it there had a stranger's bytes in its hands: it may be a pipe by now, or a device.
    auto image = staging.open_file(layout::kDiskImage, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    refuse_irregular(image);
    // Nobody else gets so far into the store; qemu then needs to be nobody in particular to read it.
    if (fchmod(image.get(), 0644) < 0) throw_errno("opening the disk image");
    return image;
  }
  if (where != "data") throw Error(Errc::kInternal, "'image' must be data or staging");
  auto image = worker.take_fd("data");
  refuse_irregular(image);
  if (lseek(image.get(), 0, SEEK_CUR) > 0)
    throw Error(Errc::kInvalidArgument, "a disk image must be given from its beginning");
  refuse_served_by_a_process(image);
  return image;
}

// What a damaged file system says when it is looked into has no number of its own.
SystemTree tree_of(const std::vector<Partition>& partitions, FileSystems& file_systems, const os::Dir& workplace) {
  try {
    return SystemTree(partitions, file_systems, workplace);
  } catch (const Error& error) {
    if (error.code() != Errc::kInternal) throw;
    throw Error(Errc::kCorrupt, "the disk image is damaged: " + error.message());
  }
}

// What unpacking takes, and ending what we started.
void give_up_mounting() {
  keep_capabilities({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP, CAP_MKNOD, CAP_KILL});
}

image::UnpackedLayer unpack(job::Worker& worker, const SystemTree& tree, const os::Dir& staging) {
  const auto& limits = worker.request().at("limits");
  const auto total = tree.used();
  const auto report = [&](std::uint64_t done) {
    const auto fraction = total == 0 ? -1.0 : std::min(static_cast<double>(done) / static_cast<double>(total), 1.0);
    worker.progress("unpack", fraction, done, total);
  };
  report(0);
  TreeStream stream(tree.root());
  give_up_mounting();
  archive::Budget budget(
      {.bytes = json::get<std::uint64_t>(limits, "bytes"), .entries = json::get<std::uint64_t>(limits, "entries")});
  archive::Decompressor source(archive::Input(stream.take()), budget);
  return image::unpack_tarball(source, staging, budget, report, [&] { stream.finish(); });
}

}  // namespace

json::Value run_disk(job::Worker& worker) {
  const auto path = json::get<std::string>(worker.request(), "staging");
  const auto install = image::install_of(json::get<std::string>(worker.request(), "install"));
  auto image = open_image(worker, os::Dir::open(path));
  worker.progress("look", -1);
  Devices devices;
  const auto staging = os::Dir::open(path);  // in the namespace of our own, where it can be mounted on
  const auto workplace = staging.make_dir(kWorkplace, kOwnMode);
  const RawView disk(std::move(image), devices, workplace);
  const auto partitions = read_partitions(disk.fd(), disk.size());
  FileSystems file_systems(disk, devices);
  const SystemTree tree = tree_of(partitions, file_systems, workplace);
  auto layer = unpack(worker, tree, staging);
  auto digest = layer.diff_id;
  auto result = image::describe({.layers = {std::move(layer)}, .digest = std::move(digest), .warning = tree.warning()},
                                staging, install);
  worker.progress("sync", 1, tree.used(), tree.used());
  if (syncfs(staging.fd()) < 0) throw_errno("syncing the store");
  return result;
}

}  // namespace sdme::disk
