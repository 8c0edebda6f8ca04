// SPDX-License-Identifier: MIT
#include "machine/mount_point.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::machine {

namespace {

os::UniqueFd open_below(int directory, const std::string& path, std::uint64_t resolve) {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return os::UniqueFd(static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

[[noreturn]] void refuse_making(const std::string& shown) {
  if (errno != EROFS) throw_errno("making the mount point " + shown);
  throw Error(Errc::kNotSupported, "the container has no " + shown +
                                       ", and it is read-only there: it can be made "
                                       "when the container is stopped");
}

// What is there already may be a link that leads nowhere.
os::UniqueFd make_below(int directory, const std::string& name, PointKind kind, const std::string& shown) {
  if (kind == PointKind::kDirectory) {
    if (mkdirat(directory, name.c_str(), 0755) < 0 && errno != EEXIST) refuse_making(shown);
  } else {
    const os::UniqueFd made(
        openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!made && errno != EEXIST) refuse_making(shown);
  }
  auto opened = open_below(directory, name, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (!opened) throw_errno("opening the mount point " + shown);
  return opened;
}

void check_kind(const os::UniqueFd& place, PointKind kind, const std::string& shown) {
  struct stat found = {};
  if (fstat(place.get(), &found) < 0) throw_errno("looking at " + shown);
  if (S_ISDIR(found.st_mode) == (kind == PointKind::kDirectory)) return;
  throw Error(Errc::kInvalidArgument,
              "in the container " + shown +
                  (kind == PointKind::kDirectory ? " is no directory, as what is shown there is"
                                                 : " is a directory, as what is shown there is not"));
}

}  // namespace

std::optional<os::UniqueFd> find_mount_point(int root, const std::string& path) {
  auto found = open_below(root, path, RESOLVE_IN_ROOT);
  if (found) return found;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno("looking for " + text::quoted(path) + " in the container");
}

os::UniqueFd make_mount_point(int root, const std::string& path, PointKind kind) {
  const auto shown = text::quoted(path);
  const auto names = text::split(std::string_view(path).substr(1), '/');
  os::UniqueFd place;
  std::string so_far;
  for (std::size_t i = 0; i < names.size(); ++i) {
    so_far += "/" + names[i];
    auto next = open_below(root, so_far, RESOLVE_IN_ROOT);
    if (!next && errno != ENOENT) throw_errno("looking for the mount point " + shown + " in the container");
    const bool last = i + 1 == names.size();
    if (!next) next = make_below(place ? place.get() : root, names[i], last ? kind : PointKind::kDirectory, shown);
    place = std::move(next);
  }
  check_kind(place, kind, shown);
  return place;
}

}  // namespace sdme::machine
