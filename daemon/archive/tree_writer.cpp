// SPDX-License-Identifier: MIT
#include "archive/tree_writer.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <ranges>
#include <utility>

#include "archive/entry_path.hpp"
#include "archive/owner_names.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

constexpr mode_t kImpliedMode = 0755;

Error refusal(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " " + why};
}

int open_beneath(int dir, const std::string& path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how));
}

// Why a directory on the way to an entry could not be opened.
Error no_way_to(const std::string& entry, int number) {
  if (number == ELOOP) return refusal(entry, "that leads through a symbolic link");
  if (number == ENOTDIR) return refusal(entry, "below something that is not a directory");
  return Error::from_errno(number, "unpacking " + text::quoted(entry));
}

bool is_directory(int parent, const std::string& name) {
  struct stat found = {};
  return fstatat(parent, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

bool same_file(int dir, const std::string& name, int other_dir, const std::string& other_name) {
  struct stat one = {}, other = {};
  return fstatat(dir, name.c_str(), &one, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstatat(other_dir, other_name.c_str(), &other, AT_SYMLINK_NOFOLLOW) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

}  // namespace

void TreeWriter::add_directory(const std::string& path, Metadata metadata) {
  if (!path.empty()) {
    const std::string name(last_name(path));
    const int parent = parent_of(path);
    if (!is_directory(parent, name)) {
      place(path, [&](int dir) { return mkdirat(dir, name.c_str(), kImpliedMode); });
      ++directories_made_;
    }
  }
  pending_.insert_or_assign(path, std::move(metadata));
}

os::UniqueFd TreeWriter::add_file(const std::string& path) {
  os::UniqueFd file;
  const std::string name(last_name(path));
  place(path, [&](int dir) {
    file = os::UniqueFd(openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return file.get();
  });
  return file;
}

void TreeWriter::close_file(os::UniqueFd file, const std::string& path, Metadata metadata) {
  settle(file.get(), path, std::move(metadata));
}

void TreeWriter::add_symlink(const std::string& path, const std::string& target, Metadata metadata) {
  if (target.empty()) throw refusal(path, "that is a symbolic link to nothing");
  const std::string name(last_name(path));
  place(path, [&](int dir) { return symlinkat(target.c_str(), dir, name.c_str()); });
  const os::UniqueFd made(openat(parent_of(path), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  settle(made.get(), path, std::move(metadata));
}

void TreeWriter::add_node(const std::string& path, mode_t type, dev_t device, Metadata metadata) {
  if (S_ISCHR(type) && device == 0)
    throw refusal(path, "that is the character device 0:0, a whiteout of overlay file systems");
  const std::string name(last_name(path));
  place(path, [&](int dir) { return mknodat(dir, name.c_str(), type | 0600, device); });
  const os::UniqueFd made(openat(parent_of(path), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  settle(made.get(), path, std::move(metadata));
}

void TreeWriter::add_hard_link(const std::string& path, const std::string& target) {
  const auto from = open_directory(parent_path(target));
  const std::string name(last_name(path)), target_name(last_name(target));
  const auto what = [&] { return "that is a hard link to " + text::quoted(target); };
  if (!from && errno == ELOOP) throw refusal(path, what() + ", which leads through a symbolic link");
  struct stat found = {};
  if (!from || fstatat(from.get(), target_name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw_errno("unpacking " + text::quoted(path));
    throw refusal(path, what() + ", which is not there");
  }
  if (S_ISDIR(found.st_mode)) throw refusal(path, what() + ", which is a directory");
  // The same file twice on tar's command line becomes a link to itself.
  if (same_file(from.get(), target_name, parent_of(path), name)) return;
  place(path, [&](int dir) { return linkat(from.get(), target_name.c_str(), dir, name.c_str(), 0); });
}

void TreeWriter::settle(int fd, const std::string& path, Metadata metadata) {
  metadata.apply(fd, path);
  if (metadata.has_names()) pending_.insert_or_assign(path, std::move(metadata));
}

void TreeWriter::finish() {
  std::optional<OwnerNames> names;
  for (auto& [path, metadata] : std::views::reverse(pending_)) {
    if (metadata.has_names()) metadata.resolve(names ? *names : names.emplace(root_), path);
    const os::UniqueFd made(open_beneath(root_.fd(), path.empty() ? "." : path, O_PATH | O_NOFOLLOW));
    if (!made) throw_errno("finishing " + text::quoted(path));
    metadata.apply(made.get(), path);
  }
  pending_.clear();
}

// Runs `make` in the parent directory; when something is there already, once more without it.
template <typename Make>
void TreeWriter::place(const std::string& path, const Make& make) {
  if (make(parent_of(path)) >= 0) return;
  if (errno == EEXIST) {
    clear(path);
    if (make(parent_of(path)) >= 0) return;
  }
  if (errno == ENOENT) throw refusal(path, "that replaces what it needs");
  throw_errno("unpacking " + text::quoted(path));
}

void TreeWriter::clear(const std::string& path) {
  const std::string name(last_name(path));
  if (unlinkat(parent_of(path), name.c_str(), 0) == 0) {
    pending_.erase(path);
    return;
  }
  if (errno != EISDIR) throw_errno("replacing " + text::quoted(path));
  const auto above = parent_path(path);
  os::tree_remove(root_.open_dir(above.empty() ? "." : std::string(above)), name);
  pending_.erase(path);
  pending_.erase(pending_.lower_bound(path + "/"), pending_.lower_bound(path + "0"));  // '0' follows '/'
}

int TreeWriter::parent_of(const std::string& path) {
  const auto wanted = parent_path(path);
  if (parent_ && parent_path_ == wanted) return parent_.get();
  auto dir = open_directory(wanted);
  if (!dir && errno == ENOENT) dir = make_directories(wanted, path);
  if (!dir) throw no_way_to(path, errno);
  parent_path_ = wanted;
  parent_ = std::move(dir);
  return parent_.get();
}

os::UniqueFd TreeWriter::open_directory(std::string_view path) const {
  return os::UniqueFd(open_beneath(root_.fd(), path.empty() ? "." : std::string(path), O_PATH | O_DIRECTORY));
}

// Step by step, so that each step is seen not to be a link.
os::UniqueFd TreeWriter::make_directories(std::string_view path, const std::string& entry) {
  auto dir = open_directory("");
  for (const auto part : path | std::views::split('/')) {
    const std::string name(part.begin(), part.end());
    auto next = os::UniqueFd(open_beneath(dir.get(), name, O_PATH | O_DIRECTORY));
    if (!next && errno == ENOENT) {
      if (mkdirat(dir.get(), name.c_str(), kImpliedMode) < 0) throw_errno("unpacking " + text::quoted(entry));
      ++directories_made_;
      next = os::UniqueFd(open_beneath(dir.get(), name, O_PATH | O_DIRECTORY));
    }
    if (!next) throw no_way_to(entry, errno);
    dir = std::move(next);
  }
  return dir;
}

}  // namespace sdme::archive
