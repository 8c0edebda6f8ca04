// SPDX-License-Identifier: MIT
#pragma once

#include <archive_entry.h>
#include <sys/types.h>

#include <cstddef>
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

  mode_t mode() const { return mode_; }  // to make the file with

  // Whether something must be set when nothing more is made: a list that what is made in the
  // directory inherits, or names that are not known yet. apply() leaves these out.
  bool has_rest() const;
  std::size_t memory() const;  // that it takes, beside itself

  // What it is applied to, and what of it is true already.
  struct Made {
    int dir;                // of the name
    std::string name;       // "" for the fd itself, which may be O_PATH; never followed
    bool with_mode = false;   // made just now, with mode(); what the umask took away is given back
    bool with_owner = false;  // its owner is who we are, and the directory hands nothing down
  };
  void apply(const Made& made, const std::string& path) const;
  void apply_rest(int fd, const OwnerNames& names, const std::string& path);

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

// Removes all attributes and access control lists of a directory that is listed once more. What the
// overlay file system has to know stays.
void clear_attributes(int fd, const std::string& path);

}  // namespace sdme::archive
