// SPDX-License-Identifier: MIT
#include "quota/quota.hpp"

#include <string>

#include "base/error.hpp"
#include "os/subvolume.hpp"
#include "quota/project.hpp"
#include "quota/subvolume.hpp"

namespace sdme::quota {

void count_apart(const os::Dir& directory, std::uint32_t project) {
  if (!os::is_btrfs(directory)) project::join(directory, project);
}

namespace {

std::optional<std::string> obstacle(const os::Dir& directory) {
  return os::is_btrfs(directory) ? subvolume::obstacle(directory) : project::obstacle(directory);
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::kNotSupported, "'disk' cannot be limited here: " + why);
}

}  // namespace

void check_held(const os::Dir& directory) {
  if (const auto found = obstacle(directory)) refuse(*found);
}

std::uint64_t used(const os::Dir& directory) {
  return os::is_btrfs(directory) ? subvolume::used(directory) : project::used(directory);
}

void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes) {
  if (const auto found = obstacle(directory)) {
    if (bytes) refuse(*found);
    return;  // nothing holds what there may have been
  }
  os::is_btrfs(directory) ? subvolume::limit(directory, bytes) : project::limit(directory, bytes);
}

}  // namespace sdme::quota
