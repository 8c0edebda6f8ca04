// SPDX-License-Identifier: MIT
#include "archive/parents.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "archive/entry_path.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

constexpr mode_t kImpliedMode = 0755;
constexpr std::size_t kMostSteps = 4096;  // of a way that links lengthen
constexpr int kDirectory = O_PATH | O_DIRECTORY;

int open_by(int dir, std::string_view path, int flags, std::uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  const std::string name(path.empty() ? "." : path);
  return static_cast<int>(syscall(SYS_openat2, dir, name.c_str(), &how, sizeof how));
}

// Why a directory on the way to an entry could not be opened.
Error no_way_to(const std::string& entry, int number) {
  const auto refusal = [&](const std::string& why) {
    return Error(Errc::kCorrupt, "the archive has an entry " + text::quoted(entry) + " " + why);
  };
  if (number == ELOOP) return refusal("that leads through a symbolic link");
  if (number == ENOTDIR) return refusal("below something that is not a directory");
  if (number == ENAMETOOLONG) return refusal("whose name is too long where links lead");
  return Error::from_errno(number, "unpacking " + text::quoted(entry));
}

// Last first, so that the next one to walk is at the end.
void push_components(std::vector<std::string>& to_walk, std::string_view path) {
  auto parts = text::split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") to_walk.push_back(std::move(*part));
  }
}

void set_time(int dir, const timespec& time, const std::string& entry) {
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time};
  if (utimensat(dir, "", times, AT_EMPTY_PATH) < 0) throw_errno("unpacking " + text::quoted(entry));
}

bool is_whiteout(int dir, const std::string& name) {
  struct stat found = {};
  return fstatat(dir, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(found.st_mode) && found.st_rdev == 0;
}

}  // namespace

os::UniqueFd open_without_links(int dir, std::string_view path, int flags) {
  return os::UniqueFd(open_by(dir, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
}

void make_opaque(int dir, const std::string& name) {
  const auto path = "/proc/self/fd/" + std::to_string(dir) + "/" + name;
  if (lsetxattr(path.c_str(), "user.overlay.opaque", "y", 1, 0) < 0) {
    throw_errno("hiding what lower layers have in " + text::quoted(name));
  }
}

Parents::Place Parents::of(const std::string& path) {
  const auto wanted = parent_path(path);
  if (!current_.dir || asked_ != wanted) enter(wanted, path);
  std::string name(last_name(path));
  auto place = current_.path.empty() ? name : current_.path + "/" + name;
  return {current_.dir.get(), std::move(name), std::move(place), gives_owner(before_)};
}

// Where groups are inherited, by a bit or a mount option, they are set in any case.
bool Parents::gives_owner(const struct stat& dir) const {
  static const gid_t our_gid = getegid();
  return (dir.st_mode & S_ISGID) == 0 && dir.st_gid == our_gid;
}

void Parents::enter(std::string_view path, const std::string& entry) {
  leave();
  Way way{open_without_links(root_.fd(), path, kDirectory), std::string(path)};
  if (!way.dir) {
    const bool walks = errno == ENOENT || (meaning_ == Meaning::kLayer && (errno == ELOOP || errno == ENOTDIR));
    if (!walks) throw no_way_to(entry, errno);
    way = walk(path, entry);
  }
  if (fstat(way.dir.get(), &before_) < 0) throw_errno("unpacking " + text::quoted(entry));
  asked_ = path;
  current_ = std::move(way);
}

void Parents::leave() {
  if (!current_.dir) return;
  const auto left = std::exchange(current_, {});
  set_time(left.dir.get(), before_.st_mtim, left.path);
}

void Parents::listed(const std::string& path) {
  if (implied_.erase(path) + renewed_.erase(path) > 0) budget_.forget(path);
}

void Parents::whited_out(const std::string& path) {
  if (implied_.erase(path) > 0) renewed_.insert(path);
}

void Parents::removed(const std::string& path) {
  for (auto* const paths : {&implied_, &renewed_}) {
    if (paths->erase(path) > 0) budget_.forget(path);
    const auto start = paths->lower_bound(path + "/"), end = paths->lower_bound(path + "0");  // '0' follows '/'
    std::for_each(start, end, [this](const auto& gone) { budget_.forget(gone); });
    paths->erase(start, end);
  }
}

os::UniqueFd Parents::find(std::string_view path) const {
  const bool follows = meaning_ == Meaning::kLayer;
  return os::UniqueFd(
      open_by(root_.fd(), path, kDirectory, follows ? RESOLVE_IN_ROOT : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
}

Parents::Way Parents::walk(std::string_view path, const std::string& entry) {
  Way way{open_without_links(root_.fd(), "", kDirectory), ""};
  std::vector<std::string> to_walk;
  push_components(to_walk, path);
  for (std::size_t steps = 0; !to_walk.empty(); ++steps) {
    if (steps + to_walk.size() > kMostSteps) throw no_way_to(entry, ELOOP);
    const auto name = std::move(to_walk.back());
    to_walk.pop_back();
    step(way, name, to_walk, entry);
    if (!way.dir) throw no_way_to(entry, errno);
  }
  return way;
}

// One component, which is looked at alone: so a link is seen, and followed only below the root.
void Parents::step(Way& way, const std::string& name, std::vector<std::string>& to_walk, const std::string& entry) {
  if (name == "..") {
    way.path = parent_path(way.path);
    way.dir = open_without_links(root_.fd(), way.path, kDirectory);
    return;
  }
  auto next = open_without_links(way.dir.get(), name, kDirectory);
  const bool layer = meaning_ == Meaning::kLayer;
  if (!next && errno == ELOOP && layer) {
    std::string target(PATH_MAX, '\0');
    const auto length = readlinkat(way.dir.get(), name.c_str(), target.data(), target.size());
    if (length < 0) throw_errno("unpacking " + text::quoted(entry));
    target.resize(static_cast<std::size_t>(length));
    if (target.starts_with('/')) way = {open_without_links(root_.fd(), "", kDirectory), ""};
    push_components(to_walk, target);
    return;
  }
  const int why = next ? 0 : errno;
  if (why == ENOENT || (why == ENOTDIR && layer && is_whiteout(way.dir.get(), name))) next = make(way, name, entry);
  if (!next) errno = why;
  way.dir = std::move(next);
  way.path += (way.path.empty() ? "" : "/") + name;
}

// A directory that nobody asked for: to be found again by its name when it is a layer's, since the
// lower layers know more of it.
os::UniqueFd Parents::make(const Way& way, const std::string& name, const std::string& entry) {
  const auto failed = [&] { return "unpacking " + text::quoted(entry); };
  struct stat above = {};
  if (fstat(way.dir.get(), &above) < 0) throw_errno(failed());
  const bool hides = is_whiteout(way.dir.get(), name);
  if (hides && unlinkat(way.dir.get(), name.c_str(), 0) < 0) throw_errno(failed());
  if (mkdirat(way.dir.get(), name.c_str(), kImpliedMode) < 0) throw_errno(failed());
  budget_.spend_directory();
  if (hides) make_opaque(way.dir.get(), name);
  const auto path = way.path.empty() ? name : way.path + "/" + name;
  if (meaning_ == Meaning::kLayer && (hides ? renewed_ : implied_).insert(path).second) budget_.remember(path);
  auto made = open_without_links(way.dir.get(), name, kDirectory);
  if (!made) throw_errno(failed());
  if (!gives_owner(above) && fchownat(made.get(), "", geteuid(), getegid(), AT_EMPTY_PATH) < 0) throw_errno(failed());
  if (fchmodat(made.get(), "", kImpliedMode, AT_EMPTY_PATH) < 0) throw_errno(failed());
  set_time(way.dir.get(), above.st_mtim, entry);
  return made;
}

}  // namespace sdme::archive
