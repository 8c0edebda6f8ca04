// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "os/dir.hpp"

namespace sdme::archive {

// The users and groups of a tree by name, from its own etc/passwd and etc/group: the only place
// where a name in its archive means something.
class OwnerNames {
 public:
  explicit OwnerNames(const os::Dir& tree);

  std::optional<std::uint32_t> user(const std::string& name) const { return find(users_, name); }
  std::optional<std::uint32_t> group(const std::string& name) const { return find(groups_, name); }

 private:
  using Ids = std::map<std::string, std::uint32_t>;

  static Ids ids_of(const os::Dir& tree, const std::string& file);
  static std::optional<std::uint32_t> find(const Ids& ids, const std::string& name);

  Ids users_;
  Ids groups_;
};

}  // namespace sdme::archive
