// SPDX-License-Identifier: MIT
#include "archive/metadata.hpp"

#include <archive.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

namespace {

constexpr std::size_t kLongestStatus = 64 * 1024;

Error refusal(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " " + why};
}

// The largest number means "leave it" to the kernel.
std::uint32_t owner(la_int64_t id, const std::string& path) {
  if (id < 0 || id >= std::numeric_limits<std::uint32_t>::max()) throw refusal(path, "with an impossible owner");
  return static_cast<std::uint32_t>(id);
}

// Overlay attributes would let an image speak to the overlay file system. Of the security
// attributes only file capabilities mean the same on every host; the others are labels of the
// policy of the host that made the archive.
bool wanted(std::string_view attribute) {
  if (attribute.starts_with("user.overlay.") || attribute.starts_with("trusted.overlay.")) return false;
  return !attribute.starts_with("security.") || attribute == "security.capability";
}

// Through /proc, because there is no call for an O_PATH fd, nor for a name in a directory.
std::string proc_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

void set_attribute(const Metadata::Made& made, const std::string& name, const std::string& value,
                   const std::string& path) {
  const auto link = made.name.empty() ? proc_path(made.dir) : proc_path(made.dir) + "/" + made.name;
  const auto set = made.name.empty() ? setxattr : lsetxattr;
  if (set(link.c_str(), name.c_str(), value.data(), value.size(), 0) == 0) return;
  const auto what = "attribute " + text::quoted(name);
  if (errno == EINVAL || errno == ERANGE || errno == E2BIG) throw refusal(path, "with an impossible " + what);
  if (errno == EPERM || errno == EOPNOTSUPP) {
    throw Error(Errc::kNotSupported, "the store cannot keep " + what + " of " + text::quoted(path));
  }
  throw_errno("setting " + what + " of " + text::quoted(path));
}

// Some archivers write it as any attribute.
constexpr std::string_view kInherited = "system.posix_acl_default";

bool is_rest(const Acl& acl) { return acl.has_names() || acl.is_inherited(); }

constexpr mode_t kSetIds = S_ISUID | S_ISGID;  // mkdir() ignores them, writing may take them away

// What umask(2) would tell, which cannot be asked without changing it for all threads.
mode_t read_umask() {
  const os::UniqueFd status(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  if (!status) throw_errno("reading /proc/self/status");
  const auto lines = text::split(os::read_all(status.get(), kLongestStatus, "/proc/self/status"), '\n');
  constexpr std::string_view kKey = "Umask:\t";
  const auto line = std::ranges::find_if(lines, [&](const auto& one) { return one.starts_with(kKey); });
  mode_t mask = 0777;
  if (line != lines.end()) std::from_chars(line->data() + kKey.size(), line->data() + line->size(), mask, 8);
  return mask;
}

mode_t process_umask() {
  static const mode_t mask = read_umask();
  return mask;
}

}  // namespace

Metadata Metadata::of(archive_entry* entry, const std::string& path) {
  Metadata metadata;
  metadata.uid_ = owner(archive_entry_uid(entry), path);
  metadata.gid_ = owner(archive_entry_gid(entry), path);
  metadata.mode_ = archive_entry_perm(entry) & 07777;
  metadata.symlink_ = archive_entry_filetype(entry) == AE_IFLNK;
  metadata.mtime_ = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  metadata.add_attributes(entry);
  const auto add_acl = [&](Acl::Type type) {
    if (auto acl = Acl::of(entry, type, path)) metadata.acls_.push_back(*std::move(acl));
  };
  if (!metadata.symlink_) add_acl(Acl::Type::kAccess);
  if (archive_entry_filetype(entry) == AE_IFDIR) add_acl(Acl::Type::kDefault);
  return metadata;
}

void Metadata::add_attributes(archive_entry* entry) {
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (wanted(name)) attributes_.push_back({name, std::string(static_cast<const char*>(value), size)});
  }
}

bool Metadata::has_rest() const {
  return std::ranges::any_of(acls_, is_rest) || std::ranges::contains(attributes_, kInherited, &Attribute::name);
}

std::size_t Metadata::memory() const {
  std::size_t bytes = 0;
  for (const auto& [name, value] : attributes_) bytes += sizeof(Attribute) + name.size() + value.size();
  for (const auto& acl : acls_) bytes += sizeof(Acl) + acl.memory();
  return bytes;
}

// The order matters: a new owner takes away set-id bits and capabilities, a new mode changes the
// mask of an access control list.
void Metadata::apply(const Made& made, const std::string& path) const {
  const auto doing = [&] { return "setting owner, mode or time of " + text::quoted(path); };
  const char* const name = made.name.c_str();
  const int how = made.name.empty() ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  static const uid_t our_uid = geteuid();
  static const gid_t our_gid = getegid();
  const bool owned = made.with_owner && uid_ == our_uid && gid_ == our_gid;
  if (!owned && fchownat(made.dir, name, uid_, gid_, how) < 0) throw_errno(doing());
  const bool exact = made.with_mode && made.with_owner && (mode_ & (kSetIds | process_umask())) == 0;
  if (!symlink_ && !exact && fchmodat(made.dir, name, mode_, how) < 0) throw_errno(doing());
  for (const auto& [attribute, value] : attributes_) {
    if (attribute != kInherited) set_attribute(made, attribute, value, path);
  }
  for (const auto& acl : acls_) {
    if (!is_rest(acl)) set_attribute(made, acl.attribute(), acl.value(), path);
  }
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime_};
  if (utimensat(made.dir, name, times, how) < 0) throw_errno(doing());
}

void Metadata::apply_rest(int fd, const OwnerNames& names, const std::string& path) {
  const Made made{.dir = fd, .name = ""};
  for (const auto& [attribute, value] : attributes_) {
    if (attribute == kInherited) set_attribute(made, attribute, value, path);
  }
  for (auto& acl : acls_) {
    if (!is_rest(acl)) continue;
    acl.resolve(names, path);
    set_attribute(made, acl.attribute(), acl.value(), path);
  }
}

void clear_attributes(int fd, const std::string& path) {
  const auto file = proc_path(fd);
  std::string names(XATTR_LIST_MAX, '\0');
  const auto length = listxattr(file.c_str(), names.data(), names.size());
  if (length < 0 && errno == EOPNOTSUPP) return;
  if (length < 0) throw_errno("reading the attributes of " + text::quoted(path));
  names.resize(static_cast<std::size_t>(length));
  for (const auto& name : text::split(names, '\0')) {
    if (name.empty() || !wanted(name)) continue;
    if (removexattr(file.c_str(), name.c_str()) < 0 && errno != ENODATA) {
      throw_errno("clearing the attributes of " + text::quoted(path));
    }
  }
}

}  // namespace sdme::archive
