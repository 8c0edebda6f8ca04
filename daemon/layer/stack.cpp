// SPDX-License-Identifier: MIT
#include "layer/stack.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <algorithm>

#include "base/text.hpp"
#include "layer/os_release.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::layer {

namespace {

constexpr std::size_t kLongestOsRelease = 64 * 1024;
constexpr std::size_t kLongestLink = 4096;
constexpr int kMostLinks = 40;  // as the kernel's MAXSYMLINKS
constexpr std::size_t kMostLevels = 8;

bool is_whiteout(const struct stat& found) { return S_ISCHR(found.st_mode) && found.st_rdev == 0; }

bool is_opaque(const os::Dir& dir) {
  char value = 0;
  return fgetxattr(dir.fd(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

std::pair<std::string, std::string> parent_and_name(const std::string& path) {
  const auto slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// The directories called `name` in a stack of merged ones.
std::vector<os::Dir> merged(const std::vector<os::Dir>& stack, const std::string& name) {
  std::vector<os::Dir> found;
  for (const auto& dir : stack) {
    auto entry = dir.find_dir(name);
    if (!entry && dir.exists(name)) break;  // it covers what is below
    if (!entry) continue;
    found.push_back(*std::move(entry));
    if (is_opaque(found.back())) break;
  }
  return found;
}

// The components of `path`, last first, before those that are still to be walked.
void push_components(std::vector<std::string>& to_walk, const std::string& path) {
  auto parts = text::split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") to_walk.push_back(std::move(*part));
  }
}

}  // namespace

os::UniqueFd open_in_root(const os::Dir& root, const std::string& path, int flags) {
  open_how how = {};
  const int harmless = (flags & O_PATH) != 0 ? 0 : O_NONBLOCK | O_NOCTTY;  // O_PATH suffers neither
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | harmless);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return os::UniqueFd(static_cast<int>(syscall(SYS_openat2, root.fd(), path.c_str(), &how, sizeof how)));
}

Stack Stack::of_layers(const std::vector<std::string>& ids) {
  std::vector<os::Dir> layers;
  for (const auto& id : ids) layers.push_back(os::Dir::open(layout::layer_tree(id)));
  return Stack(std::move(layers));
}

Stack Stack::of_directory(const std::string& path) {
  std::vector<os::Dir> layers;
  layers.push_back(os::Dir::open(path));
  return Stack(std::move(layers));
}

// The directories that merge at `path`: our own for the root, else new ones that `opened` holds.
const std::vector<os::Dir>& Stack::stack_at(const std::string& path, std::vector<os::Dir>& opened) const {
  const auto* stack = &layers_;
  for (const auto& name : text::split(path, '/')) {
    if (name.empty()) continue;
    opened = merged(*stack, name);
    stack = &opened;
  }
  return *stack;
}

std::optional<os::Dir> Stack::find_dir(const std::string& path) const {
  std::vector<os::Dir> opened;
  const auto& stack = stack_at(path, opened);
  if (stack.empty()) return std::nullopt;
  return stack.front().open_dir(".");
}

// The topmost directory in which the name of `path` is, whiteouts counted as absence.
std::optional<os::Dir> Stack::holder_of(const std::string& path) const {
  const auto [parent, name] = parent_and_name(path);
  std::vector<os::Dir> opened;
  for (const auto& dir : stack_at(parent, opened)) {
    const auto found = dir.stat(name);
    if (!found) continue;
    if (is_whiteout(*found)) return std::nullopt;
    return dir.open_dir(".");
  }
  return std::nullopt;
}

os::UniqueFd Stack::open_name(const std::string& path) const {
  const auto dir = holder_of(path);
  return dir ? dir->open_file(parent_and_name(path).second, O_PATH | O_NOFOLLOW) : os::UniqueFd();
}

std::vector<std::string> Stack::names(const std::string& path) const {
  std::vector<os::Dir> opened;
  std::map<std::string, bool> seen;  // the topmost counts
  for (const auto& dir : stack_at(path, opened)) {
    for (const auto& name : dir.entries()) {
      const auto found = dir.stat(name);
      if (found) seen.try_emplace(name, !is_whiteout(*found));
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, there] : seen) {
    if (there) names.push_back(name);
  }
  return names;
}

std::optional<struct stat> Stack::stat(const std::string& path) const {
  const auto dir = holder_of(path);
  return dir ? dir->stat(parent_and_name(path).second) : std::nullopt;
}

std::optional<std::string> Stack::link_target(const std::string& path) const {
  const auto dir = holder_of(path);
  if (!dir) return std::nullopt;
  std::string target(kLongestLink, '\0');
  const auto length = readlinkat(dir->fd(), parent_and_name(path).second.c_str(), target.data(), target.size());
  if (length < 0) return std::nullopt;
  target.resize(static_cast<std::size_t>(length));
  return target;
}

std::optional<std::string> Stack::resolve(const std::string& path) const {
  std::string at;
  std::vector<std::string> to_walk;
  push_components(to_walk, path);
  int links_left = kMostLinks;
  while (!to_walk.empty()) {
    const auto name = std::move(to_walk.back());
    to_walk.pop_back();
    if (name == "..") {
      at.erase(std::min(at.rfind('/'), at.size()));
      continue;
    }
    const auto next = at + "/" + name;
    const auto found = stat(next);
    if (!found) return std::nullopt;
    if (!S_ISLNK(found->st_mode)) {
      if (!S_ISDIR(found->st_mode) && !to_walk.empty()) return std::nullopt;
      at = next;
      continue;
    }
    const auto target = link_target(next);
    if (!target || links_left-- == 0) return std::nullopt;
    if (target->starts_with('/')) at.clear();
    push_components(to_walk, *target);
  }
  return at.empty() ? "/" : at;
}

os::UniqueFd Stack::open_file(const std::string& path) const {
  const auto resolved = resolve(path);
  const auto dir = resolved ? holder_of(*resolved) : std::nullopt;
  if (!dir) return {};
  const auto name = parent_and_name(*resolved).second;
  const auto found = dir->stat(name);
  if (!found || !S_ISREG(found->st_mode)) return {};  // opening a device does things to it
  return dir->open_file(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

bool Stack::is_executable(const std::string& path) const {
  const auto resolved = resolve(path);
  const auto found = resolved ? stat(*resolved) : std::nullopt;
  return found && S_ISREG(found->st_mode) && (found->st_mode & 0111U) != 0;
}

std::map<std::string, std::string> Stack::os_release() const {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const auto fd = open_file(path);
    struct stat found = {};
    if (!fd || fstat(fd.get(), &found) < 0) continue;
    if (found.st_size > static_cast<off_t>(kLongestOsRelease)) return {};
    return parse_os_release(os::read_all(fd.get(), kLongestOsRelease, "os-release"));
  }
  return {};
}

std::string Stack::os() const {
  auto release = os_release();
  const auto name = text::printable(release["PRETTY_NAME"]);
  return name.empty() ? text::printable(release["NAME"]) : name;
}

std::optional<os::Dir> Descent::find_dir(const std::string& path) {
  const auto& merged = at(path == "/" ? "" : path);
  if (merged.empty()) return std::nullopt;
  return merged.front().open_dir(".");
}

std::optional<struct stat> Descent::stat(const std::string& path) {
  const auto [parent, name] = parent_and_name(path);
  for (const auto& dir : at(parent)) {
    if (const auto found = dir.stat(name)) return is_whiteout(*found) ? std::nullopt : found;
  }
  return std::nullopt;
}

const std::vector<os::Dir>& Descent::at(const std::string& path) {
  const auto leads_to = [&](const std::string& above) {
    return path == above || (path.starts_with(above) && path[above.size()] == '/');
  };
  while (!levels_.empty() && !leads_to(levels_.back().path)) levels_.pop_back();
  auto done = levels_.empty() ? std::string() : levels_.back().path;
  while (done != path) {
    const auto end = path.find('/', done.size() + 1);
    const auto& above = levels_.empty() ? stack_.layers_ : levels_.back().merged;
    auto next = merged(above, path.substr(done.size() + 1, end - done.size() - 1));
    done = path.substr(0, end);
    levels_.push_back({done, std::move(next)});
    if (levels_.size() > kMostLevels) levels_.pop_front();
  }
  return levels_.empty() ? stack_.layers_ : levels_.back().merged;
}

}  // namespace sdme::layer
