// SPDX-License-Identifier: MIT
#include "archive/acl.hpp"

#include <archive.h>
#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

constexpr auto kNoId = static_cast<std::uint32_t>(ACL_UNDEFINED_ID);

Error refusal(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " with an access control list " + why};
}

std::uint16_t kernel_tag(int tag, const std::string& path) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return ACL_USER_OBJ;
    case ARCHIVE_ENTRY_ACL_USER:
      return ACL_USER;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return ACL_GROUP_OBJ;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return ACL_GROUP;
    case ARCHIVE_ENTRY_ACL_MASK:
      return ACL_MASK;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return ACL_OTHER;
    default:
      throw refusal(path, "that is not of POSIX");
  }
}

}  // namespace

std::optional<Acl> Acl::of(archive_entry* entry, Type type, const std::string& path) {
  const int wanted = type == Type::kAccess ? ARCHIVE_ENTRY_ACL_TYPE_ACCESS : ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
  // libarchive counts the three that every mode has only when there are more.
  if (archive_entry_acl_reset(entry, wanted) == 0) return std::nullopt;
  Acl acl(type);
  int found_type = 0, permissions = 0, tag = 0, id = 0;
  const char* name = nullptr;
  while (archive_entry_acl_next(entry, wanted, &found_type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    const auto kernel = kernel_tag(tag, path);
    const bool named = kernel == ACL_USER || kernel == ACL_GROUP;
    acl.rows_.push_back({kernel, static_cast<std::uint16_t>(permissions & 7),
                         named && id >= 0 ? static_cast<std::uint32_t>(id) : kNoId,
                         named && id < 0 && name ? name : ""});
  }
  std::ranges::stable_sort(acl.rows_, {}, &Row::tag);  // the kernel insists
  return acl;
}

bool Acl::has_names() const {
  return std::ranges::any_of(rows_, [](const auto& row) { return !row.name.empty(); });
}

std::size_t Acl::memory() const {
  std::size_t bytes = rows_.size() * sizeof(Row);
  for (const auto& row : rows_) bytes += row.name.size();
  return bytes;
}

void Acl::resolve(const OwnerNames& names, const std::string& path) {
  for (auto& row : rows_) {
    if (row.name.empty()) continue;
    const auto id = row.tag == ACL_USER ? names.user(row.name) : names.group(row.name);
    const auto* const file = row.tag == ACL_USER ? "etc/passwd" : "etc/group";
    if (!id) throw refusal(path, "for " + text::quoted(row.name) + ", which is not in its " + file);
    row.id = *id;
    row.name.clear();
  }
}

const char* Acl::attribute() const {
  return type_ == Type::kAccess ? "system.posix_acl_access" : "system.posix_acl_default";
}

// include/uapi/linux/posix_acl_xattr.h
std::string Acl::value() const {
  const posix_acl_xattr_header header = {.a_version = htole32(POSIX_ACL_XATTR_VERSION)};
  std::string value(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto& row : rows_) {
    const posix_acl_xattr_entry entry = {htole16(row.tag), htole16(row.permissions), htole32(row.id)};
    value.append(reinterpret_cast<const char*>(&entry), sizeof entry);
  }
  return value;
}

}  // namespace sdme::archive
