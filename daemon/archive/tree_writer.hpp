// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "archive/metadata.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

// Puts entries into a tree that nobody else changes meanwhile, one after the other. A later entry
// of the same path replaces the earlier one, whatever it was. Nothing is ever written or linked
// through a symbolic link: that is Corrupt. Paths are those of entry_path().
class TreeWriter {
 public:
  explicit TreeWriter(const os::Dir& root) : root_(root) {}

  void add_directory(const std::string& path, Metadata metadata);
  // Makes an empty file, open for writing; close_file() once it is filled.
  os::UniqueFd add_file(const std::string& path);
  void close_file(os::UniqueFd file, const std::string& path, Metadata metadata);
  void add_symlink(const std::string& path, const std::string& target, Metadata metadata);
  void add_node(const std::string& path, mode_t type, dev_t device, Metadata metadata);
  void add_hard_link(const std::string& path, const std::string& target);

  // Directories get their metadata last: what is put into them changes their times and inherits
  // their set-group-id bit and default access control list. So does what names users and groups,
  // which the tree itself must know.
  void finish();

  std::uint64_t directories_made() const { return directories_made_; }  // those no entry asked for included

 private:
  int parent_of(const std::string& path);
  os::UniqueFd open_directory(std::string_view path) const;
  os::UniqueFd make_directories(std::string_view path, const std::string& entry);
  void settle(int fd, const std::string& path, Metadata metadata);
  void clear(const std::string& path);
  template <typename Make>
  void place(const std::string& path, const Make& make);

  const os::Dir& root_;
  std::string parent_path_;  // of the directory in parent_: entries of one directory come together
  os::UniqueFd parent_;
  std::map<std::string, Metadata> pending_;  // to be applied last; a directory sorts before what is in it
  std::uint64_t directories_made_ = 0;
};

}  // namespace sdme::archive
