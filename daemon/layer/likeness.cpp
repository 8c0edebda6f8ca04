// SPDX-License-Identifier: MIT
#include "layer/likeness.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::layer {

namespace {

// Through /proc, because there is no call for an O_PATH fd.
std::string proc_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Labels of the security policy are not copied, the kernel gives them: only capabilities are.
bool is_copied(std::string_view attribute) {
  if (attribute.starts_with("user.overlay.") || attribute.starts_with("trusted.")) return false;
  return !attribute.starts_with("security.") || attribute == "security.capability";
}

std::vector<std::string> attributes_of(int fd, const std::string& path) {
  const auto file = proc_path(fd);
  if (listxattr(file.c_str(), nullptr, 0) <= 0) return {};
  std::string names(XATTR_LIST_MAX, '\0');
  const auto length = listxattr(file.c_str(), names.data(), names.size());
  if (length < 0) throw_errno("reading the attributes of " + text::quoted(path));
  names.resize(static_cast<std::size_t>(length));
  auto found = text::split(names, '\0');
  std::erase_if(found, [](const auto& name) { return name.empty() || !is_copied(name); });
  return found;
}

void copy_attribute(int from, int to, const std::string& name, const std::string& path) {
  std::string value(XATTR_SIZE_MAX, '\0');
  const auto size = getxattr(proc_path(from).c_str(), name.c_str(), value.data(), value.size());
  if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) return;
  if (size < 0 || setxattr(proc_path(to).c_str(), name.c_str(), value.data(), static_cast<std::size_t>(size), 0) < 0) {
    if (errno != ENOTSUP) throw_errno("setting an attribute of " + text::quoted(path));
  }
}

}  // namespace

void make_like(int like, int made, const std::string& path) {
  struct stat found = {};
  if (fstat(like, &found) < 0) throw_errno("looking at " + text::quoted(path));
  const auto doing = [&] { return "setting owner or mode of " + text::quoted(path); };
  if (fchownat(made, "", found.st_uid, found.st_gid, AT_EMPTY_PATH) < 0) throw_errno(doing());
  const auto wanted = attributes_of(like, path);
  for (const auto& name : attributes_of(made, path)) {
    if (std::ranges::contains(wanted, name)) continue;
    if (removexattr(proc_path(made).c_str(), name.c_str()) < 0 && errno != ENODATA) throw_errno(doing());
  }
  // A mode changes an access list's mask, and a list the mode: the list is set last.
  if (!S_ISLNK(found.st_mode) && fchmodat(made, "", found.st_mode & 07777U, AT_EMPTY_PATH) < 0) throw_errno(doing());
  for (const auto& name : wanted) copy_attribute(like, made, name, path);
}

timespec modified(int fd, const std::string& path) {
  struct stat found = {};
  if (fstat(fd, &found) < 0) throw_errno("looking at " + text::quoted(path));
  return found.st_mtim;
}

void set_modified(int fd, const timespec& time, const std::string& path) {
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time};
  if (utimensat(fd, "", times, AT_EMPTY_PATH) < 0) throw_errno("setting the times of " + text::quoted(path));
}

}  // namespace sdme::layer
