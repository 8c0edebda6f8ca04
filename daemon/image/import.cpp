// SPDX-License-Identifier: MIT
#include "image/import.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "archive/extract.hpp"
#include "base/error.hpp"
#include "image/inspect.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::image {

namespace {

constexpr mode_t kRootMode = 0755;  // unless the archive says otherwise

// Bytes to come: of a file what is behind its offset, of a pipe what the caller guessed; 0 unknown.
std::uint64_t expected_bytes(int data, std::uint64_t hint) {
  struct stat found = {};
  if (fstat(data, &found) < 0) throw_errno("looking at the archive");
  if (!S_ISREG(found.st_mode)) return hint;
  const auto offset = lseek(data, 0, SEEK_CUR);
  return offset >= 0 && offset < found.st_size ? static_cast<std::uint64_t>(found.st_size - offset) : 0;
}

}  // namespace

json::Value run_import(job::Worker& worker) {
  const auto& request = worker.request();
  const auto staging = os::Dir::open(json::get<std::string>(request, "staging"));
  const auto& limits = request.at("limits");
  auto data = worker.take_fd("data");
  const auto total = expected_bytes(data.get(), json::get_or<std::uint64_t>(request, "size_hint", 0));
  const auto report = [&](std::uint64_t done) {
    const auto fraction = total == 0 ? -1.0 : std::min(static_cast<double>(done) / static_cast<double>(total), 1.0);
    worker.progress("unpack", fraction, done, total);
  };

  report(0);
  const auto tree = staging.make_dir(layout::kTree, kRootMode);
  const auto unpacked = archive::extract(
      std::move(data), tree, {json::get<std::uint64_t>(limits, "bytes"), json::get<std::uint64_t>(limits, "entries")},
      report);
  std::vector<os::Dir> layers;
  layers.push_back(tree.open_dir("."));
  const auto found = inspect(layer::Stack(std::move(layers)));
  worker.progress("sync", total == 0 ? -1 : 1, total, total);
  if (syncfs(staging.fd()) < 0) throw_errno("syncing the store");
  return {{"layer", unpacked.digest},
          {"digest", "sha256:" + unpacked.digest},
          {"size", unpacked.size},
          {"entries", unpacked.entries},
          {"os", found.os},
          {"distro", found.distro},
          {"version_id", found.version_id},
          {"bootable", found.bootable}};
}

}  // namespace sdme::image
