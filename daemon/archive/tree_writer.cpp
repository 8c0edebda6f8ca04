// SPDX-License-Identifier: MIT
#include "archive/tree_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "archive/entry_path.hpp"
#include "archive/owner_names.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

Error refusal(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " " + why};
}

bool is_directory(int parent, const std::string& name) {
  struct stat found = {};
  return fstatat(parent, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

bool is_whiteout(const struct stat& found) { return S_ISCHR(found.st_mode) && found.st_rdev == 0; }

bool is_same(int dir, const std::string& name, const struct stat& other) {
  struct stat found = {};
  return fstatat(dir, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && found.st_ino == other.st_ino &&
         found.st_dev == other.st_dev;
}

}  // namespace

TreeWriter::TreeWriter(const os::Dir& root, Meaning meaning, Budget& budget)
    : root_(root), meaning_(meaning), budget_(budget), parents_(root, meaning, budget) {
  // What the directory above it hands down would be handed to all that is made here.
  if (fremovexattr(root.fd(), "system.posix_acl_default") < 0 && errno != ENODATA && errno != EOPNOTSUPP) {
    throw_errno("preparing " + root.path());
  }
}

void TreeWriter::add_directory(const std::string& path, Metadata metadata) {
  if (path.empty()) {
    parents_.leave();
    return list_again(root_.fd(), path, std::move(metadata));
  }
  const auto place = parents_.of(path);
  const auto make = [&] { return mkdirat(place.dir, place.name.c_str(), metadata.mode()); };
  if (make() < 0) {
    if (errno == EEXIST && is_directory(place.dir, place.name)) {
      const auto dir = open_without_links(place.dir, place.name, O_PATH | O_DIRECTORY);
      if (!dir) throw_errno("unpacking " + text::quoted(path));
      return list_again(dir.get(), place.path, std::move(metadata));
    }
    // What the layer had there hid what is below it, and so must the directory in its place.
    const bool replaced = put(place, make);
    if (replaced && meaning_ == Meaning::kLayer) make_opaque(place.dir, place.name);
  }
  budget_.spend_directory();
  apply({place.dir, place.name, true, place.owner_known}, place.path, std::move(metadata));
}

void TreeWriter::list_again(int dir, const std::string& path, Metadata metadata) {
  clear_attributes(dir, path);
  pending_.erase(path);
  parents_.listed(path);
  apply({.dir = dir, .name = ""}, path, std::move(metadata));
}

TreeWriter::File TreeWriter::add_file(const std::string& path, Metadata metadata) {
  const auto place = parents_.of(path);
  os::UniqueFd file;
  put(place, [&] {
    constexpr int kHow = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file = os::UniqueFd(openat(place.dir, place.name.c_str(), kHow, metadata.mode()));
    return file.get();
  });
  return {std::move(file), place.path, std::move(metadata), place.owner_known};
}

void TreeWriter::close_file(File file) {
  apply({file.fd.get(), "", true, file.with_owner}, file.path, std::move(file.metadata));
}

void TreeWriter::add_symlink(const std::string& path, const std::string& target, Metadata metadata) {
  if (target.empty()) throw refusal(path, "that is a symbolic link to nothing");
  const auto place = parents_.of(path);
  put(place, [&] { return symlinkat(target.c_str(), place.dir, place.name.c_str()); });
  apply({place.dir, place.name, true, place.owner_known}, place.path, std::move(metadata));
}

void TreeWriter::add_node(const std::string& path, mode_t type, dev_t device, Metadata metadata) {
  if (S_ISCHR(type) && device == 0)
    throw refusal(path, "that is the character device 0:0, a whiteout of overlay file systems");
  const auto place = parents_.of(path);
  put(place, [&] { return mknodat(place.dir, place.name.c_str(), type | metadata.mode(), device); });
  apply({place.dir, place.name, true, place.owner_known}, place.path, std::move(metadata));
}

void TreeWriter::add_hard_link(const std::string& path, const std::string& target) {
  const auto from = parents_.find(parent_path(target));
  const std::string target_name(last_name(target));
  const auto what = [&] { return "that is a hard link to " + text::quoted(target); };
  if (!from && errno == ELOOP) throw refusal(path, what() + ", which leads through a symbolic link");
  struct stat found = {};
  if (!from || fstatat(from.get(), target_name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw_errno("unpacking " + text::quoted(path));
    if (meaning_ == Meaning::kLayer) return defer_link(path, target);
    throw refusal(path, what() + ", which is not there");
  }
  if (S_ISDIR(found.st_mode)) throw refusal(path, what() + ", which is a directory");
  if (meaning_ == Meaning::kLayer && is_whiteout(found)) return defer_link(path, target);
  const auto place = parents_.of(path);
  // The same file twice on tar's command line becomes a link to itself.
  if (is_same(place.dir, place.name, found)) return;
  put(place, [&] { return linkat(from.get(), target_name.c_str(), place.dir, place.name.c_str(), 0); });
}

// The target is in a lower layer, or nowhere: until that is known, a whiteout keeps the place.
void TreeWriter::defer_link(const std::string& path, const std::string& target) {
  const auto place = parents_.of(path);
  put(place, [&] { return mknodat(place.dir, place.name.c_str(), S_IFCHR, 0); });
  budget_.remember(place.path);
  budget_.remember(target);
  unsettled_.links.push_back({place.path, target});
}

void TreeWriter::add_whiteout(const std::string& path) {
  const auto place = parents_.of(path);
  if (mknodat(place.dir, place.name.c_str(), S_IFCHR, 0) == 0) {
    return has_whiteouts(parent_path(place.path));
  }
  if (errno != EEXIST) throw_errno("unpacking " + text::quoted(path));
  if (!is_directory(place.dir, place.name)) return;
  make_opaque(place.dir, place.name);
  parents_.whited_out(place.path);
}

void TreeWriter::add_opaque(const std::string& directory) {
  if (directory.empty()) {
    unsettled_.opaque_root = true;
    return;
  }
  const auto inside = parents_.of(directory + "/.");
  const auto at = parent_path(inside.path);
  if (at.empty()) {
    unsettled_.opaque_root = true;
  } else {
    make_opaque(inside.dir, ".");
    has_whiteouts(at);
  }
}

void TreeWriter::has_whiteouts(std::string_view directory) {
  if (unsettled_.whiteouts_in.emplace(directory).second) budget_.remember(directory);
}

void TreeWriter::apply(const Metadata::Made& made, const std::string& path, Metadata metadata) {
  metadata.apply(made, path);
  if (!metadata.has_rest()) return;
  budget_.remember(path, metadata.memory());
  pending_.insert_or_assign(path, std::move(metadata));
}

Unsettled TreeWriter::finish() {
  parents_.leave();
  std::optional<OwnerNames> names;
  for (auto& [path, metadata] : pending_) {
    if (!names) names.emplace(root_);
    const auto made = open_without_links(root_.fd(), path, O_PATH | O_NOFOLLOW);
    if (!made) throw_errno("finishing " + text::quoted(path));
    metadata.apply_rest(made.get(), *names, path);
  }
  pending_.clear();
  unsettled_.implied = parents_.take_implied();
  unsettled_.renewed = parents_.take_renewed();
  return std::move(unsettled_);
}

// Runs `make`; when something is there already, once more without it, and then it is true.
template <typename Make>
bool TreeWriter::put(const Parents::Place& place, const Make& make) {
  if (make() >= 0) return false;
  if (errno == EEXIST) {
    clear(place);
    if (make() >= 0) return true;
  }
  if (errno == ENOENT) throw refusal(place.path, "that replaces what it needs");
  throw_errno("unpacking " + text::quoted(place.path));
}

void TreeWriter::clear(const Parents::Place& place) {
  const auto& path = place.path;
  pending_.erase(path);
  parents_.replaced();
  if (unlinkat(place.dir, place.name.c_str(), 0) == 0) return;
  if (errno != EISDIR) throw_errno("replacing " + text::quoted(path));
  const auto above = parent_path(path);
  os::tree_remove(root_.open_dir(above.empty() ? "." : std::string(above)), place.name);
  pending_.erase(pending_.lower_bound(path + "/"), pending_.lower_bound(path + "0"));  // '0' follows '/'
  parents_.removed(path);
}

}  // namespace sdme::archive
