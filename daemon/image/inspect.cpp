// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace sdme::image {

namespace {

constexpr std::size_t kOsReleaseLimit = 64 * 1024;
constexpr const char* kOsRelease[] = {"etc/os-release", "usr/lib/os-release"};
constexpr const char* kInits[] = {"usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/init", "usr/sbin/init"};

// Nothing when it is not there or cannot be reached inside the tree.
os::UniqueFd open_in(const os::Dir& tree, const char* path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return os::UniqueFd(static_cast<int>(syscall(SYS_openat2, tree.fd(), path, &how, sizeof how)));
}

std::optional<struct stat> regular_file(const os::UniqueFd& fd) {
  struct stat found = {};
  if (!fd || fstat(fd.get(), &found) < 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  return found;
}

bool is_executable(const os::Dir& tree, const char* path) {
  const auto found = regular_file(open_in(tree, path, O_PATH));
  return found && (found->st_mode & 0111) != 0;
}

std::map<std::string, std::string> os_release(const os::Dir& tree) {
  for (const auto* const path : kOsRelease) {
    const auto place = open_in(tree, path, O_PATH);
    const auto found = regular_file(place);
    if (!found) continue;  // opening a device does things to it
    const os::UniqueFd fd(::open(("/proc/self/fd/" + std::to_string(place.get())).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) continue;
    if (static_cast<std::uint64_t>(found->st_size) > kOsReleaseLimit) return {};
    return parse_os_release(os::read_all(fd.get(), kOsReleaseLimit, path));
  }
  return {};
}

// The value behind the '=': words of a shell, quoted or not, joined; nothing when a quote is open.
std::optional<std::string> unquoted(std::string_view text) {
  std::string value;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool closes = quote != 0 && c == quote;
    const bool opens = quote == 0 && (c == '"' || c == '\'');
    if (closes || opens) {
      quote = opens ? c : 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      value += text[++i];
    } else {
      value += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto start = text.find_first_not_of(kBlank);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kBlank) - start + 1);
}

}  // namespace

std::map<std::string, std::string> parse_os_release(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const auto& whole : text::split(text, '\n')) {
    const auto line = trimmed(whole);
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == 0 || equals == std::string_view::npos) continue;
    if (const auto value = unquoted(line.substr(equals + 1))) values[std::string(line.substr(0, equals))] = *value;
  }
  return values;
}

Inspection inspect(const os::Dir& tree) {
  auto release = os_release(tree);
  const auto shown = [&](const char* key) { return text::printable(release[key]); };
  const auto name = shown("PRETTY_NAME");
  return {.os = name.empty() ? shown("NAME") : name,
          .distro = shown("ID"),
          .version_id = shown("VERSION_ID"),
          .bootable = std::ranges::any_of(kInits, [&](const char* path) { return is_executable(tree, path); })};
}

}  // namespace sdme::image
