// SPDX-License-Identifier: MIT
#include "machine/lower.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/text.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::size_t kLongestOsRelease = 64 * 1024;
constexpr std::size_t kLongestLink = 4096;

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
    const auto entry = dir.stat(name);
    if (!entry) continue;
    if (!S_ISDIR(entry->st_mode)) break;  // it covers what is below
    found.push_back(dir.open_dir(name));
    if (is_opaque(found.back())) break;
  }
  return found;
}

// The value of a shell-like assignment, os-release(5): quotes go, and a backslash before any character.
std::string unquoted(std::string_view value) {
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      plain += value[++i];
    } else if (value[i] != '"' && value[i] != '\'') {
      plain += value[i];
    }
  }
  return plain;
}

std::string pretty_name(const std::string& os_release) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (const auto& line : text::split(os_release, '\n')) {
    if (line.starts_with(kKey)) return text::printable(unquoted(line.substr(kKey.size())));
  }
  return "";
}

}  // namespace

os::UniqueFd open_in_root(const os::Dir& root, const std::string& path, int flags) {
  open_how how = {};
  const int harmless = (flags & O_PATH) != 0 ? 0 : O_NONBLOCK | O_NOCTTY;  // O_PATH suffers neither
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | harmless);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return os::UniqueFd(static_cast<int>(syscall(SYS_openat2, root.fd(), path.c_str(), &how, sizeof how)));
}

Lower Lower::of_layers(const std::vector<std::string>& ids) {
  std::vector<os::Dir> layers;
  for (const auto& id : ids) layers.push_back(os::Dir::open(layout::layer_tree(id)));
  return Lower(std::move(layers));
}

Lower Lower::of_directory(const std::string& path) {
  std::vector<os::Dir> layers;
  layers.push_back(os::Dir::open(path));
  return Lower(std::move(layers));
}

std::vector<os::Dir> Lower::stack_at(const std::string& path) const {
  std::vector<os::Dir> stack;
  for (const auto& layer : layers_) stack.push_back(layer.open_dir("."));
  for (const auto& name : text::split(path, '/')) {
    if (!name.empty()) stack = merged(stack, name);
  }
  return stack;
}

std::optional<os::Dir> Lower::find_dir(const std::string& path) const {
  auto stack = stack_at(path);
  if (stack.empty()) return std::nullopt;
  return std::move(stack.front());
}

std::optional<struct stat> Lower::stat(const std::string& path) const {
  const auto [parent, name] = parent_and_name(path);
  for (const auto& dir : stack_at(parent)) {
    const auto found = dir.stat(name);
    if (found) return is_whiteout(*found) ? std::nullopt : found;
  }
  return std::nullopt;
}

std::optional<std::string> Lower::link_target(const std::string& path) const {
  const auto [parent, name] = parent_and_name(path);
  for (const auto& dir : stack_at(parent)) {
    if (!dir.exists(name)) continue;
    std::string target(kLongestLink, '\0');
    const auto length = readlinkat(dir.fd(), name.c_str(), target.data(), target.size());
    if (length < 0) return std::nullopt;
    target.resize(static_cast<std::size_t>(length));
    return target;
  }
  return std::nullopt;
}

std::string Lower::os() const {
  for (const auto& layer : layers_) {
    for (const char* path : {"etc/os-release", "usr/lib/os-release"}) {
      const auto fd = open_in_root(layer, path, O_RDONLY);
      struct stat found = {};
      if (!fd || fstat(fd.get(), &found) < 0 || !S_ISREG(found.st_mode)) continue;
      if (found.st_size > static_cast<off_t>(kLongestOsRelease)) continue;
      return pretty_name(os::read_all(fd.get(), kLongestOsRelease, "os-release"));
    }
  }
  return "";
}

}  // namespace sdme::machine
