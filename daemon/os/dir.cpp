// SPDX-License-Identifier: MIT
#include "os/dir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace sdme::os {

namespace {

constexpr std::size_t kLongestShown = 512;  // of a path in a message
constexpr std::uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

// By the same rules, one component after the other.
int open_by_components(int dir, const std::string& name, int flags, mode_t mode) {
  if (name.empty() || name.starts_with('/')) {
    errno = name.empty() ? ENOENT : EXDEV;
    return -1;
  }
  const auto components = text::split(name, '/');
  UniqueFd parent;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i] == "..") {
      errno = EXDEV;
      return -1;
    }
    const bool last = i + 1 == components.size();
    const auto* const component = components[i].empty() ? "." : components[i].c_str();
    UniqueFd next(openat(parent ? parent.get() : dir, component,
                         O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY), mode));
    if (last || !next) return next.release();
    parent = std::move(next);
  }
  return -1;
}

int open_beneath(int dir, const std::string& name, int flags, mode_t mode) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = kBeneath;
  const auto fd = static_cast<int>(syscall(SYS_openat2, dir, name.c_str(), &how, sizeof how));
  // A unit that may make no set-user-ID files, as one with a dynamic user, may not call it.
  return fd < 0 && errno == ENOSYS ? open_by_components(dir, name, flags, mode) : fd;
}

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};

std::string last_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

Dir Dir::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("opening directory " + path);
  return {std::move(fd), path};
}

Dir Dir::make(const std::string& path, mode_t mode) {
  for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0755) < 0 && errno != EEXIST) throw_errno("making directory " + path);
  }
  if (mkdir(path.c_str(), mode) < 0 && errno != EEXIST) throw_errno("making directory " + path);
  auto dir = open(path);
  if (fchmod(dir.fd(), mode) < 0) throw_errno("setting the mode of " + path);
  return dir;
}

Dir Dir::open_dir(const std::string& name) const {
  UniqueFd fd(open_beneath(fd_.get(), name, O_RDONLY | O_DIRECTORY, 0));
  if (!fd) throw_errno("opening directory " + shown(name));
  return {std::move(fd), path_of(name)};
}

std::optional<Dir> Dir::find_dir(const std::string& name) const {
  UniqueFd fd(open_beneath(fd_.get(), name, O_RDONLY | O_DIRECTORY, 0));
  if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::nullopt;
  if (!fd) throw_errno("opening directory " + shown(name));
  return Dir(std::move(fd), path_of(name));
}

UniqueFd Dir::open_file(const std::string& name, int flags, mode_t mode) const {
  UniqueFd fd(open_beneath(fd_.get(), name, flags, mode));
  if (!fd) throw_errno("opening " + shown(name));
  return fd;
}

std::string Dir::shown(const std::string& name) const { return text::printable(path_of(name), kLongestShown); }

bool Dir::exists(const std::string& name) const { return stat(name).has_value(); }

std::optional<struct stat> Dir::stat(const std::string& name) const {
  const UniqueFd fd(open_beneath(fd_.get(), name, O_PATH | O_NOFOLLOW, 0));
  struct stat found = {};
  if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::nullopt;
  if (!fd || fstat(fd.get(), &found) < 0) throw_errno("looking at " + shown(name));
  return found;
}

Dir Dir::parent_of(const std::string& name) const {
  const auto slash = name.rfind('/');
  return open_dir(slash == std::string::npos ? "." : name.substr(0, slash));
}

Dir Dir::make_dir(const std::string& name, mode_t mode) const {
  const auto parent = parent_of(name);
  if (mkdirat(parent.fd(), last_of(name).c_str(), mode) < 0) throw_errno("making directory " + shown(name));
  auto made = open_dir(name);
  if (fchmod(made.fd(), mode) < 0) throw_errno("setting the mode of " + shown(name));
  return made;
}

std::vector<std::string> Dir::entries() const {
  auto again = open_dir(".");
  const std::unique_ptr<DIR, DirCloser> stream(fdopendir(again.fd_.get()));
  if (!stream) throw_errno("reading directory " + text::printable(path_, kLongestShown));
  static_cast<void>(again.fd_.release());  // closedir() closes it
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr && errno != 0) throw_errno("reading directory " + text::printable(path_, kLongestShown));
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string Dir::read(const std::string& name, std::size_t limit) const {
  const auto fd = open_file(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat found = {};
  if (fstat(fd.get(), &found) < 0) throw_errno("looking at " + shown(name));
  if (!S_ISREG(found.st_mode)) throw Error(Errc::kCorrupt, shown(name) + " is not a regular file");
  return read_all(fd.get(), limit, shown(name));
}

std::optional<std::string> Dir::find_text(const std::string& name, std::size_t limit) const {
  const auto found = stat(name);
  if (!found || !S_ISREG(found->st_mode)) return std::nullopt;
  return read(name, limit);
}

std::string Dir::aside(const std::string& name) { return "." + name + ".new"; }

void Dir::write(const std::string& name, const std::string& text, mode_t mode) const {
  const auto parent = parent_of(name);
  const auto last = last_of(name);
  const auto written = aside(last);
  parent.remove(written);
  Defer undo([&] { unlinkat(parent.fd(), written.c_str(), 0); });
  {
    const auto fd = parent.open_file(written, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fchmod(fd.get(), mode) < 0) throw_errno("setting the mode of " + shown(name));
    write_all(fd.get(), text, shown(name));
    if (fsync(fd.get()) < 0) throw_errno("syncing " + shown(name));
  }
  if (renameat(parent.fd(), written.c_str(), parent.fd(), last.c_str()) < 0) throw_errno("writing " + shown(name));
  undo.cancel();
  parent.sync();
}

void Dir::symlink(const std::string& target, const std::string& name) const {
  if (symlinkat(target.c_str(), parent_of(name).fd(), last_of(name).c_str()) < 0)
    throw_errno("making link " + shown(name));
}

void Dir::remove(const std::string& name) const {
  const auto parent = name.contains('/') ? find_dir(name.substr(0, name.rfind('/'))) : parent_of(name);
  if (!parent) return;
  if (unlinkat(parent->fd(), last_of(name).c_str(), 0) < 0 && errno != ENOENT) throw_errno("removing " + shown(name));
}

void Dir::rename(const std::string& name, const Dir& to, const std::string& to_name) const {
  const auto from = parent_of(name);
  const auto target = to.parent_of(to_name);
  if (renameat2(from.fd(), last_of(name).c_str(), target.fd(), last_of(to_name).c_str(), RENAME_NOREPLACE) < 0) {
    throw_errno("renaming " + shown(name) + " to " + to.shown(to_name));
  }
}

void Dir::sync() const {
  if (fsync(fd_.get()) < 0) throw_errno("syncing directory " + text::printable(path_, kLongestShown));
}

std::string unique_name(const std::string& word) {
  unsigned char bytes[8] = {};
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) throw_errno("drawing a random number");
  return word + "-" + text::lower_hex(bytes, sizeof bytes);
}

}  // namespace sdme::os
