// SPDX-License-Identifier: MIT
#pragma once

#include <archive_entry.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/owner_names.hpp"

namespace sdme::archive {

// An access control list of an entry, POSIX.1e as Linux has it: acl(5).
class Acl {
 public:
  enum class Type { kAccess, kDefault };

  // Nothing when the entry has no more than its mode. Corrupt when it is of another kind; `path`
  // is for the sentence.
  static std::optional<Acl> of(archive_entry* entry, Type type, const std::string& path);

  // Some archivers write names of users and groups, and no number.
  bool has_names() const;
  // Corrupt when a name is not known.
  void resolve(const OwnerNames& names, const std::string& path);

  std::size_t memory() const;  // of its rows

  bool is_inherited() const { return type_ == Type::kDefault; }  // by what is made in the directory

  // As the kernel takes it: an extended attribute. Only when all names are resolved.
  const char* attribute() const;
  std::string value() const;

 private:
  struct Row {
    std::uint16_t tag;  // ACL_USER_OBJ and so on: linux/posix_acl.h
    std::uint16_t permissions;
    std::uint32_t id;
    std::string name;  // "" when the id counts
  };

  explicit Acl(Type type) : type_(type) {}

  Type type_;
  std::vector<Row> rows_;
};

}  // namespace sdme::archive
