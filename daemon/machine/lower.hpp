// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/definition.hpp"
#include "os/dir.hpp"

namespace sdme::machine {

// What a container is made over: its layers as the overlay will merge them, with whiteouts and
// opaque directories, without a mount. Layers are strangers': nothing follows a link out of them.
// Paths are absolute inside.
class Lower {
 public:
  explicit Lower(std::vector<os::Dir> layers) : layers_(std::move(layers)) {}  // top first
  static Lower of_layers(const std::vector<std::string>& ids);
  static Lower of_host() { return of_directory("/"); }
  static Lower of_directory(const std::string& path);

  // The topmost of the directories that merge at this path; nothing when there is none, or a link
  // or file is in the way.
  std::optional<os::Dir> find_dir(const std::string& path) const;

  std::optional<struct stat> stat(const std::string& path) const;  // of the name itself
  std::optional<std::string> link_target(const std::string& path) const;

  // PRETTY_NAME of os-release(5), printable; "" when there is none.
  std::string os() const;

 private:
  std::vector<os::Dir> stack_at(const std::string& path) const;

  std::vector<os::Dir> layers_;
};

// A file of a tree whose owner is a stranger: links are followed as if the tree were "/".
os::UniqueFd open_in_root(const os::Dir& root, const std::string& path, int flags);

}  // namespace sdme::machine
