// SPDX-License-Identifier: MIT
#include "machine/assembly.hpp"

#include <utility>

#include "base/text.hpp"
#include "os/dir.hpp"
#include "os/mount.hpp"
#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

Assembly::Assembly(std::string place, std::optional<std::uint32_t> base) : place_(std::move(place)), base_(base) {
  static_cast<void>(os::Dir::make(layout::kRuntime, 0755));
  static_cast<void>(os::Dir::make(place_, 0700));
  os::mount_tmpfs(place_);
  if (base_) users_ = os::user_namespace(*base_);
}

std::string Assembly::show(const std::string& path, const std::string& as) {
  const auto mount = os::clone_mount(path);
  auto at = place_ + "/" + as;
  static_cast<void>(os::Dir::make(at, 0700));
  if (users_) os::idmap(mount, users_, text::quoted(path));
  os::attach_mount(mount, at);
  return at;
}

os::UniqueFd Assembly::overlay(std::vector<std::string> lower, const std::string& own) const {
  return os::make_overlay({.lower = std::move(lower),
                           .upper = own + "/" + layout::kUpper,
                           .work = own + "/" + layout::kWork,
                           .owner = base_.value_or(0)});
}

}  // namespace sdme::machine
