// SPDX-License-Identifier: MIT
#include "archive/metadata.hpp"

#include <archive.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

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

// Through /proc, because there is no call for an O_PATH fd.
void set_attribute(int fd, const std::string& name, const std::string& value, const std::string& path) {
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  if (setxattr(link.c_str(), name.c_str(), value.data(), value.size(), 0) == 0) return;
  const auto what = "attribute " + text::quoted(name);
  if (errno == EINVAL || errno == ERANGE || errno == E2BIG) throw refusal(path, "with an impossible " + what);
  if (errno == EPERM || errno == EOPNOTSUPP) {
    throw Error(Errc::kNotSupported, "the store cannot keep " + what + " of " + text::quoted(path));
  }
  throw_errno("setting " + what + " of " + text::quoted(path));
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

bool Metadata::has_names() const { return std::ranges::any_of(acls_, &Acl::has_names); }

void Metadata::resolve(const OwnerNames& names, const std::string& path) {
  for (auto& acl : acls_) acl.resolve(names, path);
}

// The order matters: a new owner takes away set-id bits and capabilities, a new mode changes the
// mask of an access control list.
void Metadata::apply(int fd, const std::string& path) const {
  const auto doing = [&] { return "setting owner, mode or time of " + text::quoted(path); };
  if (fchownat(fd, "", uid_, gid_, AT_EMPTY_PATH) < 0) throw_errno(doing());
  if (!symlink_ && fchmodat(fd, "", mode_, AT_EMPTY_PATH) < 0) throw_errno(doing());
  for (const auto& [name, value] : attributes_) set_attribute(fd, name, value, path);
  for (const auto& acl : acls_) {
    if (!acl.has_names()) set_attribute(fd, acl.attribute(), acl.value(), path);
  }
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime_};
  if (utimensat(fd, "", times, AT_EMPTY_PATH) < 0) throw_errno(doing());
}

}  // namespace sdme::archive
