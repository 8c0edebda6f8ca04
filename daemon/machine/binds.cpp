// SPDX-License-Identifier: MIT
#include "machine/binds.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/path.hpp"
#include "os/acting.hpp"
#include "os/dir.hpp"
#include "os/mount.hpp"
#include "os/namespaces.hpp"
#include "store/denied_paths.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

// systemd-nspawn mounts these itself, before it mounts what it was told to, and makes mount points in them.
constexpr std::array<std::string_view, 2> kOfNspawn = {"/run", "/tmp"};

std::uint64_t attributes_of(const model::Bind& bind) {
  return (bind.writable ? 0 : MOUNT_ATTR_RDONLY) | (bind.devices ? 0 : MOUNT_ATTR_NODEV) |
         (bind.setuid ? 0 : MOUNT_ATTR_NOSUID);
}

// A bind that is ready for systemd-nspawn.
struct Mounted {
  const model::Bind& bind;
  PointKind kind;
  std::string place;
};

Mounted mount_bind(const model::Bind& bind, const os::Dir& places, const std::string& name, const os::UniqueFd& users) {
  const auto source = open_source(bind);
  const auto tree = detached_tree(bind, source, users);
  if (kind_of(source) == PointKind::kDirectory) {
    static_cast<void>(places.make_dir(name, 0700));
  } else {
    static_cast<void>(places.open_file(name, O_WRONLY | O_CREAT | O_EXCL, 0600));
  }
  os::attach_mount(tree, places.path() + "/" + name);
  return {.bind = bind, .kind = kind_of(source), .place = places.path() + "/" + name};
}

// In the root, or in what another bind shows on the way there.
void make_point(const Mounted& mounted, const std::vector<Mounted>& all, const Root& root) {
  auto path = mounted.bind.destination;
  if (std::ranges::any_of(kOfNspawn, [&](auto taken) { return model::at_or_below(path, taken); })) return;
  std::string tree = root.directory;
  std::size_t above = 0;
  for (const auto& other : all) {
    const auto& destination = other.bind.destination;
    const bool is_above = destination != path && model::at_or_below(path, destination);
    if (!is_above || destination.size() < above) continue;
    above = destination.size();
    tree = other.place;
  }
  // As whoever is root in there: in a root with mapped ids nobody else can make anything.
  const os::ActingAs acting(root.range ? root.range->base : 0);
  while_doing("bind destination " + text::quoted(path),
              [&] { static_cast<void>(make_mount_point(os::Dir::open(tree).fd(), path.substr(above), mounted.kind)); });
}

// What nobody has to grant anew: the same source somewhere else inside, or with less.
bool was_granted(const model::Bind& before, const model::Bind& bind) {
  return before.source == bind.source && before.writable == bind.writable && before.devices >= bind.devices &&
         before.setuid >= bind.setuid;
}

void look_at_new(model::Bind& bind, uid_t caller) {
  if (bind.is_volume()) return;
  store::check_bind_source(bind.source, caller);
  const auto source = find_source(bind);
  if (source.home_owner) store::check_home_owner(bind.source, *source.home_owner, caller);
  bind.inode = source.inode();
  bind.owner = source.owner();
}

}  // namespace

PointKind kind_of(const BindSource& source) {
  return S_ISDIR(source.found.st_mode) ? PointKind::kDirectory : PointKind::kFile;
}

os::UniqueFd detached_tree(const model::Bind& bind, const BindSource& source, const os::UniqueFd& users) {
  auto tree = os::clone_mount(source.place);
  os::restrict_mount(tree, attributes_of(bind));
  if (users) os::idmap(tree, users, text::quoted(bind.source));
  return tree;
}

std::vector<std::string> mount_binds(const model::ContainerRecord& record, const Root& root) {
  const auto& binds = record.definition.binds;
  if (binds.empty()) return {};
  const auto users = root.range ? os::user_namespace(root.range->base) : os::UniqueFd();
  const auto places = os::Dir::make(layout::runtime(layout::kInitBinds), 0700);
  std::vector<Mounted> all;
  for (const auto& bind : binds) all.push_back(mount_bind(bind, places, std::to_string(all.size()), users));
  std::vector<std::string> sources;
  for (const auto& mounted : all) {
    make_point(mounted, all, root);
    sources.push_back(mounted.place);
  }
  return sources;
}

std::vector<model::Bind> authorised(std::vector<model::Bind> binds, const std::vector<model::Bind>& before,
                                    uid_t caller) {
  for (auto& bind : binds) {
    const auto known = std::ranges::find_if(before, [&](const model::Bind& one) { return was_granted(one, bind); });
    if (known == before.end()) {
      look_at_new(bind, caller);
    } else {
      bind.inode = known->inode;
      bind.owner = known->owner;
    }
  }
  return binds;
}

json::Value to_json(const std::vector<model::Bind>& binds) {
  auto list = json::Value::array();
  for (const auto& bind : binds) list.push_back(bind.to_json());
  return list;
}

}  // namespace sdme::machine
