// SPDX-License-Identifier: MIT
#include "machine/bind_source.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

[[noreturn]] void refuse(Errc code, const std::string& path, const std::string& why) {
  throw Error(code, "bind source " + text::quoted(path) + " " + why);
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {
    source_.place = os::UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!source_.place || fstat(source_.place.get(), &source_.found) < 0) throw_errno("opening /");
  }

  BindSource finish() {
    for (const auto& name : text::split(std::string_view(path_).substr(1), '/')) step(name);
    return std::move(source_);
  }

 private:
  void step(const std::string& name) {
    const auto parent = so_far_.empty() ? "/" : so_far_;
    const auto owner = source_.found.st_uid;
    source_.others_lead |= owner != 0 || (source_.found.st_mode & kWritableByOthers) != 0;
    open(name);
    so_far_ += "/" + name;
    const auto& found = source_.found;
    if (S_ISLNK(found.st_mode))
      refuse(Errc::kInvalidArgument, path_,
             "has the link " + text::quoted(so_far_) + " on its way: name what that leads to");
    if (owner != 0 && found.st_uid != owner) {
      refuse(Errc::kHostAccessDenied, path_,
             "leads from " + text::quoted(parent) + " of user " + std::to_string(owner) + " to " +
                 text::quoted(so_far_) + " of user " + std::to_string(found.st_uid) +
                 ": the first one decides what the second is");
    }
    if (parent == "/home") source_.home_owner = found.st_uid;
  }

  void open(const std::string& name) {
    open_how how = {};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    os::UniqueFd next(static_cast<int>(syscall(SYS_openat2, source_.place.get(), name.c_str(), &how, sizeof how)));
    if (!next && errno == ENOENT) refuse(Errc::kNotFound, path_, "is not there");
    if (!next && errno == ENOTDIR)
      refuse(Errc::kNotFound, path_, "is not there: " + text::quoted(so_far_) + " is no directory");
    if (!next || fstat(next.get(), &source_.found) < 0) throw_errno("opening bind source " + text::quoted(path_));
    source_.place = std::move(next);
  }

  const std::string& path_;
  std::string so_far_;
  BindSource source_;
};

void check_kind(const model::Bind& bind, mode_t mode) {
  const bool device = S_ISCHR(mode) || S_ISBLK(mode);
  if (device && !bind.devices)
    refuse(Errc::kInvalidArgument, bind.source, "is a device, which is shown with the option 'dev' alone");
  if (!device && !S_ISDIR(mode) && !S_ISREG(mode) && !S_ISSOCK(mode))
    refuse(Errc::kInvalidArgument, bind.source, "is neither a directory, a file nor a socket");
}

BindSource open_volume(const std::string& name) {
  const auto path = layout::volume_data(name);
  BindSource source;
  source.place = os::UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!source.place && errno == ENOENT) throw Error(Errc::kNotFound, "there is no volume " + text::quoted(name));
  if (!source.place || fstat(source.place.get(), &source.found) < 0)
    throw_errno("opening volume " + text::quoted(name));
  return source;
}

}  // namespace

BindSource walk_to_source(const std::string& path) { return Walk(path).finish(); }

BindSource find_source(const model::Bind& bind) {
  if (bind.is_volume()) return open_volume(bind.source);
  auto source = walk_to_source(bind.source);
  check_kind(bind, source.found.st_mode);
  return source;
}

BindSource open_source(const model::Bind& bind) {
  auto source = find_source(bind);
  if (bind.inode != 0 && bind.inode != source.found.st_ino) {
    refuse(Errc::kHostAccessDenied, bind.source,
           "was replaced by another since it was authorised; 'sdmectl umount' and 'sdmectl mount' authorise it anew");
  }
  if (bind.inode == 0 && source.others_lead) {
    refuse(Errc::kHostAccessDenied, bind.source,
           "can now be replaced by others than root, which it could not when it was authorised; "
           "'sdmectl umount' and 'sdmectl mount' authorise it anew");
  }
  if (bind.owner && *bind.owner != source.owner()) {
    refuse(Errc::kHostAccessDenied, bind.source,
           "belonged to user " + std::to_string(*bind.owner) + " when it was authorised and belongs to user " +
               std::to_string(source.owner()) + " now; 'sdmectl umount' and 'sdmectl mount' authorise it anew");
  }
  return source;
}

}  // namespace sdme::machine
