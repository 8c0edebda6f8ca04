// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::machine {

// Puts overlays together from directories of the store, below one tmpfs in this process's own mount
// namespace (os::own_mount_namespace() first): the host sees nothing of it, and it is gone with the
// process and what it execs. With a range, each directory is shown with the ids of a user namespace
// that begins there: no file is touched, and what is written is stored as the guest numbers it.
class Assembly {
 public:
  Assembly(std::string place, std::optional<std::uint32_t> base);

  // Shows a directory, or what is mounted there, as PLACE/AS, and returns that path. `as` may have
  // several components.
  std::string show(const std::string& path, const std::string& as);

  // The overlay, detached, of what was shown: `own` has the directories `upper` and `work`.
  os::UniqueFd overlay(std::vector<std::string> lower, const std::string& own) const;

 private:
  std::string place_;
  std::optional<std::uint32_t> base_;
  os::UniqueFd users_;
};

}  // namespace sdme::machine
