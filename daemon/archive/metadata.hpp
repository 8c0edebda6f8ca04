// SPDX-License-Identifier: MIT
#pragma once

#include <archive_entry.h>
#include <sys/types.h>

#include <ctime>
#include <string>
#include <vector>

#include "archive/acl.hpp"
#include "archive/owner_names.hpp"

namespace sdme::archive {

// What an entry says of its file beside name and content. Owners are numbers only: names mean
// something in the guest, never on this host.
class Metadata {
 public:
  // Corrupt when a value is impossible; `path` is for the sentence.
  static Metadata of(archive_entry* entry, const std::string& path);

  // Whether an access control list needs resolve(), and what apply() sets before is not yet all.
  bool has_names() const;
  void resolve(const OwnerNames& names, const std::string& path);

  // The fd may be O_PATH, of a symbolic link too.
  void apply(int fd, const std::string& path) const;

 private:
  struct Attribute {
    std::string name;
    std::string value;
  };

  void add_attributes(archive_entry* entry);

  uid_t uid_ = 0;
  gid_t gid_ = 0;
  mode_t mode_ = 0;
  bool symlink_ = false;
  timespec mtime_ = {};
  std::vector<Attribute> attributes_;
  std::vector<Acl> acls_;
};

}  // namespace sdme::archive
