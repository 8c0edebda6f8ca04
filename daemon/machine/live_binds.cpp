// SPDX-License-Identifier: MIT
#include "machine/live_binds.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "machine/binds.hpp"
#include "model/path.hpp"
#include "os/dir.hpp"
#include "os/mount.hpp"
#include "os/process.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

using Fds = std::vector<os::UniqueFd>;
using IsOurs = std::function<bool(const struct stat&)>;

os::UniqueFd open_path(const std::string& path, int flags) {
  os::UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd) throw_errno("opening " + path);
  return fd;
}

// ---- in children on the host's side ---------------------------------------------------------------

// Where the host's mounts are as they are for whoever starts a container: in our own namespace, the sandbox
// has made everything read-only.
void enter_host() {
  const auto space = open_path("/proc/1/ns/mnt", O_RDONLY);
  if (setns(space.get(), CLONE_NEWNS) < 0) throw_errno("entering the host's mounts");
}

// What a guest with a user namespace starts with, its root cannot change: the kernel locks the flags of mounts
// that come from a more privileged namespace. Of one that comes later it does so only if it has been through
// such a change too, so ours goes through one.
os::UniqueFd locked(const os::UniqueFd& tree, PointKind kind) {
  os::own_mount_namespace();
  os::mount_tmpfs(layout::kRuntime);
  const auto place = os::Dir::open(layout::kRuntime);
  if (kind == PointKind::kDirectory) {
    static_cast<void>(place.make_dir("bind", 0755));
  } else {
    static_cast<void>(place.open_file("bind", O_WRONLY | O_CREAT | O_EXCL, 0644));
  }
  os::attach_mount(tree, layout::runtime("bind"));
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) throw_errno("making a user namespace");
  return os::clone_mount(layout::runtime("bind"));
}

// The source, and the tree to be mounted.
Fds prepare(const model::Bind& bind, const os::UniqueFd& users) {
  enter_host();
  auto source = open_source(bind);
  auto tree = detached_tree(bind, source, users);
  Fds fds;
  if (users) tree = locked(tree, kind_of(source));
  fds.push_back(std::move(source.place));
  fds.push_back(std::move(tree));
  return fds;
}

// What is now where the source was, whether it is the same or not; nothing when nothing is.
Fds look_at_source(const model::Bind& bind) {
  enter_host();
  Fds fds;
  try {
    fds.push_back(find_source(bind).place);
  } catch (const Error&) {
    fds.clear();
  }
  return fds;
}

struct stat stat_of(const os::UniqueFd& fd) {
  struct stat found = {};
  if (fstat(fd.get(), &found) < 0) throw_errno("looking at what a bind shows");
  return found;
}

// ---- in children on the guest's side --------------------------------------------------------------

// Root of the guest, among its mounts, but not among its processes: none can see or trace this one.
void enter_guest(const Leader& leader) {
  if (setns(leader.process.fd.get(), CLONE_NEWNS | (leader.own_users ? CLONE_NEWUSER : 0)) < 0)
    throw_errno("entering the container");
  if (setgroups(0, nullptr) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    throw_errno("becoming root of the container");
}

os::UniqueFd guest_root() { return open_path("/", O_PATH | O_DIRECTORY); }

bool is_mount_root(const os::UniqueFd& place) {
  struct statx found = {};
  if (statx(place.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) < 0) throw_errno("looking at a mount");
  return (found.stx_attributes_mask & found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// An empty directory, or an empty file. Where something is to be shown in there, room for it is still to be made.
os::UniqueFd nothing_to_see(PointKind kind) {
  if (kind == PointKind::kFile) return os::clone_mount("/dev/null");
  return os::make_mount({.type = "tmpfs",
                         .flags = {},
                         .values = {{"mode", "0755"}, {"size", "4k"}},
                         .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV});
}

// By the host's /proc, opened before: the guest's may be anything.
bool unmount(const os::UniqueFd& place, const os::UniqueFd& own_fds) {
  if (fchdir(own_fds.get()) < 0) throw_errno("looking at our own files");
  if (umount2(std::to_string(place.get()).c_str(), MNT_DETACH) == 0) return true;
  if (errno == EINVAL) return false;  // locked: it was there when the guest's user namespace was made
  throw_errno("unmounting in the container");
}

// A copy of what was taken away; and where it could only be covered, what it is covered with.
Fds take_away_inside(const Leader& leader, const std::string& destination, const IsOurs& is_ours) {
  const auto own_fds = open_path("/proc/self/fd", O_PATH | O_DIRECTORY);
  enter_guest(leader);
  Fds fds;
  const auto root = guest_root();
  const auto place = find_mount_point(root.get(), destination);
  if (!place) return fds;
  const auto found = stat_of(*place);
  if (!is_mount_root(*place)) return fds;
  if (!is_ours(found))
    throw Error(Errc::kInUse, "the container has mounted something of its own at " + text::quoted(destination));
  fds.push_back(os::clone_mounts(*place));  // the kernel uncovers nothing that the guest started with
  if (unmount(*place, own_fds)) return fds;
  auto cover = nothing_to_see(S_ISDIR(found.st_mode) ? PointKind::kDirectory : PointKind::kFile);
  os::attach_mount(cover, place->get());
  fds.push_back(std::move(cover));
  return fds;
}

Fds attach_inside(const Leader& leader, const os::UniqueFd& tree, const std::string& destination, PointKind kind) {
  enter_guest(leader);
  const auto root = guest_root();
  os::attach_mount(tree, make_mount_point(root.get(), destination, kind).get());
  return {};
}

Fds close_inside(const Leader& leader, const Fds& covers) {
  enter_guest(leader);
  for (const auto& cover : covers) os::make_read_only(cover);
  return {};
}

bool contains(const std::vector<model::Bind>& binds, const model::Bind& sought) {
  return std::ranges::contains(binds, sought.str(), &model::Bind::str);
}

// Those of `these` that are not in the others; and those that are in both, but inside of what one shows that is not:
// they come and go with it. What is inside comes later.
std::vector<model::Bind> touched(const std::vector<model::Bind>& these, const std::vector<model::Bind>& others) {
  std::vector<std::string> changed;
  for (const auto& bind : these) {
    if (!contains(others, bind)) changed.push_back(bind.destination);
  }
  for (const auto& bind : others) {
    if (!contains(these, bind)) changed.push_back(bind.destination);
  }
  std::vector<model::Bind> found;
  std::ranges::copy_if(these, std::back_inserter(found), [&](const model::Bind& bind) {
    return std::ranges::any_of(changed, [&](const auto& place) { return model::at_or_below(bind.destination, place); });
  });
  std::ranges::sort(found, {}, &model::Bind::destination);
  return found;
}

}  // namespace

LiveBinds::LiveBinds(const Leader& leader) : leader_(leader) {
  if (leader.own_users) users_ = open_path("/proc/" + std::to_string(leader.process.pid) + "/ns/user", O_RDONLY);
  if (!leader.process.alive()) throw Error(Errc::kNotRunning, "the container has just stopped");
}

LiveBinds::~LiveBinds() {
  if (!undo_.empty()) os::forget_stop_request();  // undoing is what it asks for
  for (const auto& step : undo_ | std::views::reverse) {
    try {
      step();
    } catch (const Error& error) {
      log::warning("undoing the change of a bind: " + error.message());
    }
  }
}

bool LiveBinds::change(const std::vector<model::Bind>& before, const std::vector<model::Bind>& after) {
  bool same_as_anew = true;
  for (const auto& bind : touched(before, after) | std::views::reverse) {
    if (!take_away(bind)) same_as_anew = false;
  }
  for (const auto& bind : touched(after, before)) show(bind);
  if (!covers_.empty()) os::fds_from_child(kGuestPatience, [&] { return close_inside(leader_, covers_); });
  return same_as_anew;
}

// The way back is known before anything is done, as we may be told to stop in the middle of it.
void LiveBinds::show(const model::Bind& bind) {
  const auto prepared = os::fds_from_child(kGuestPatience, [&] { return prepare(bind, users_); });
  if (prepared.size() != 2) throw Error(Errc::kInternal, "no mount came back");
  const auto source = stat_of(prepared[0]);
  undo_.emplace_back([this, source, destination = bind.destination] {
    detach(destination,
           [&](const struct stat& found) { return found.st_dev == source.st_dev && found.st_ino == source.st_ino; });
  });
  attach(prepared[1], bind.destination, S_ISDIR(source.st_mode) ? PointKind::kDirectory : PointKind::kFile);
}

bool LiveBinds::take_away(const model::Bind& bind) {
  const auto now = os::fds_from_child(kGuestPatience, [&] { return look_at_source(bind); });
  const auto source = now.empty() ? std::optional<struct stat>() : std::optional(stat_of(now[0]));
  const auto inode = bind.inode != 0 ? bind.inode : source ? source->st_ino : 0;
  const auto is_ours = [&](const struct stat& found) {
    return found.st_ino == inode && (!source || found.st_dev == source->st_dev);
  };
  Found found;
  try {
    found = detach(bind.destination, is_ours);
  } catch (const Error& error) {
    if (error.code() != Errc::kInUse) throw;
    return false;
  }
  if (found.gone) return true;
  // A cover that stays would hide what is put back, but not from a look at the destination.
  auto copy = std::make_shared<os::UniqueFd>(std::move(found.copy));
  const auto kind = S_ISDIR(stat_of(*copy).st_mode) ? PointKind::kDirectory : PointKind::kFile;
  undo_.emplace_back([this, copy, kind, destination = bind.destination] { attach(*copy, destination, kind); });
  if (!found.cover) return true;
  covers_.push_back(std::move(found.cover));
  return false;
}

void LiveBinds::attach(const os::UniqueFd& tree, const std::string& destination, PointKind kind) const {
  os::fds_from_child(kGuestPatience, [&] { return attach_inside(leader_, tree, destination, kind); });
}

LiveBinds::Found LiveBinds::detach(const std::string& destination, const IsOurs& is_ours) const {
  auto fds = os::fds_from_child(kGuestPatience, [&] { return take_away_inside(leader_, destination, is_ours); });
  if (fds.empty()) return {.gone = true, .copy = {}, .cover = {}};
  return {.gone = false, .copy = std::move(fds[0]), .cover = fds.size() == 2 ? std::move(fds[1]) : os::UniqueFd()};
}

}  // namespace sdme::machine
