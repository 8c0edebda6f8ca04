// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::os {

// A directory held open. Every name is resolved below it (openat2 RESOLVE_BENEATH), never through
// a symbolic link, so whoever owns a tree cannot lead us out of it. Errors say the full path.
class Dir {
 public:
  // Opens an absolute path of our own; not for paths that strangers may change.
  static Dir open(const std::string& path);
  // As open(), made first, parents too, with this mode if absent.
  static Dir make(const std::string& path, mode_t mode);

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }  // for messages, and for units' sandbox

  // `name` may have several components.
  Dir open_dir(const std::string& name) const;
  std::optional<Dir> find_dir(const std::string& name) const;
  UniqueFd open_file(const std::string& name, int flags, mode_t mode = 0) const;
  bool exists(const std::string& name) const;
  std::optional<struct stat> stat(const std::string& name) const;  // of the name itself
  Dir make_dir(const std::string& name, mode_t mode) const;        // must not exist; mode is exact
  std::vector<std::string> entries() const;                        // sorted, without . and ..

  std::string read(const std::string& name, std::size_t limit) const;  // LimitExceeded beyond it
  std::optional<std::string> find_text(const std::string& name, std::size_t limit) const;
  // A file appears whole or not at all: written aside, synced, renamed, the directory synced.
  void write(const std::string& name, const std::string& text, mode_t mode) const;
  static std::string aside(const std::string& name);  // where; a crash may leave it, the next write removes it
  void symlink(const std::string& target, const std::string& name) const;
  void remove(const std::string& name) const;  // a file; absent is fine

  // AlreadyExists if the target is there.
  void rename(const std::string& name, const Dir& to, const std::string& to_name) const;
  void sync() const;

 private:
  Dir(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Dir parent_of(const std::string& name) const;
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  std::string shown(const std::string& name) const;  // its path in a message: names may be a stranger's

  UniqueFd fd_;
  std::string path_;
};

// A name that nothing has yet, beginning with `word`: for what is moved aside.
std::string unique_name(const std::string& word);

// Empties and removes a directory below `parent`, whatever is in it: never across a mount, never
// through a link, restartable, iterative (a tree may be as deep as its maker liked).
void tree_remove(const Dir& parent, const std::string& name);

}  // namespace sdme::os
