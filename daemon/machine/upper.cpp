// SPDX-License-Identifier: MIT
#include "machine/upper.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "layer/likeness.hpp"
#include "os/file.hpp"

namespace sdme::machine {

namespace {

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Upper::Upper(const os::Dir& root, const layer::Stack& lower) : root_(root), lower_(lower) {
  if (const auto lower_root = lower_.find_dir("/")) make_like(*lower_root, root_.open_dir("."));
}

void Upper::make_like(const os::Dir& lower, os::Dir upper) {
  layer::make_like(lower.fd(), upper.fd(), upper.path());
  auto time = layer::modified(lower.fd(), lower.path());
  times_.emplace_back(std::move(upper), time);
}

os::Dir Upper::directory(const std::string& path) {
  if (path.empty()) return root_.open_dir(".");
  const auto parent = parent_of(path);
  const auto name = name_of(path);
  if (auto there = parent.find_dir(name)) return std::move(*there);
  if (const auto lower = lower_.stat(path); lower && !S_ISDIR(lower->st_mode)) {
    // A directory of ours would replace a link that the guest relies on.
    throw Error(Errc::kInvalidArgument,
                "in the root filesystem, " + text::quoted(path) + " is a link or a file and not a directory");
  }
  auto made = parent.make_dir(name, 0755);
  if (const auto like = lower_.find_dir(path)) make_like(*like, made.open_dir("."));
  return made;
}

os::Dir Upper::parent_of(const std::string& path) { return directory(path.substr(0, path.rfind('/'))); }

void Upper::file(const std::string& path, const std::string& text, mode_t mode) {
  const auto parent = parent_of(path);
  const auto fd = parent.open_file(name_of(path), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (fchmod(fd.get(), mode) < 0) throw_errno("setting the mode of " + path);
  os::write_all(fd.get(), text, path);
}

void Upper::link(const std::string& path, const std::string& target) { parent_of(path).symlink(target, name_of(path)); }

void Upper::opaque(const std::string& path) {
  const auto dir = directory(path);
  if (fsetxattr(dir.fd(), "user.overlay.opaque", "y", 1, 0) < 0) throw_errno("hiding the lower content of " + path);
}

void Upper::hide(const std::string& path) {
  const auto parent = parent_of(path);
  if (mknodat(parent.fd(), name_of(path).c_str(), S_IFCHR, 0) < 0) throw_errno("hiding " + path);
}

void Upper::finish() {
  for (const auto& [dir, time] : times_) layer::set_modified(dir.fd(), time, dir.path());
  times_.clear();
}

}  // namespace sdme::machine
