// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "archive/budget.hpp"
#include "archive/meaning.hpp"
#include "archive/metadata.hpp"
#include "archive/parents.hpp"
#include "archive/unsettled.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

// Puts entries into a tree that nobody else changes meanwhile, one after the other. A later entry
// of the same path replaces the earlier one, whatever it was. Nothing is ever written or linked
// through a symbolic link of a tarball; those of a layer never lead out of its tree. Paths are those
// of entry_path().
class TreeWriter {
 public:
  TreeWriter(const os::Dir& root, Meaning meaning, Budget& budget);

  void add_directory(const std::string& path, Metadata metadata);
  // Makes an empty file, open for writing; close_file() once it is filled.
  struct File {
    os::UniqueFd fd;
    std::string path;
    Metadata metadata;
    bool with_owner;
  };
  File add_file(const std::string& path, Metadata metadata);
  void close_file(File file);
  void add_symlink(const std::string& path, const std::string& target, Metadata metadata);
  void add_node(const std::string& path, mode_t type, dev_t device, Metadata metadata);
  void add_hard_link(const std::string& path, const std::string& target);

  // Of a layer: what is below it at this path, or in this directory, is not to be seen. What the
  // layer itself has there stays, whether it came before or comes later.
  void add_whiteout(const std::string& path);
  void add_opaque(const std::string& directory);

  // Default access control lists are set last, since what is put into a directory inherits them.
  // So is what names users and groups, which the tree itself must know. All else is done at once.
  Unsettled finish();

 private:
  void apply(const Metadata::Made& made, const std::string& path, Metadata metadata);
  void list_again(int dir, const std::string& path, Metadata metadata);
  void defer_link(const std::string& path, const std::string& target);
  void has_whiteouts(std::string_view directory);
  void clear(const Parents::Place& place);
  template <typename Make>
  bool put(const Parents::Place& place, const Make& make);

  const os::Dir& root_;
  const Meaning meaning_;
  Budget& budget_;
  Parents parents_;
  Unsettled unsettled_;
  std::map<std::string, Metadata> pending_;  // has_rest()
};

}  // namespace sdme::archive
