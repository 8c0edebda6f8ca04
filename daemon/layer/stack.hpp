// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::layer {

// A stack of layers as the overlay will merge it, with whiteouts and opaque directories, without a
// mount. Layers are strangers': no link leads out of them. Paths are absolute inside.
class Stack {
  friend class Descent;

 public:
  explicit Stack(std::vector<os::Dir> layers) : layers_(std::move(layers)) {}  // top first
  static Stack of_layers(const std::vector<std::string>& ids);                 // of the store, top first
  static Stack of_host() { return of_directory("/"); }
  static Stack of_directory(const std::string& path);

  void put_on_top(os::Dir layer) { layers_.insert(layers_.begin(), std::move(layer)); }

  // The topmost of the directories that merge at this path; nothing when there is none, or a link
  // or file is in the way.
  std::optional<os::Dir> find_dir(const std::string& path) const;

  std::optional<struct stat> stat(const std::string& path) const;  // of the name itself
  std::optional<std::string> link_target(const std::string& path) const;

  // Where a path leads when links are followed as if the stack were "/": a path without links, of
  // something that exists. Nothing when it does not, or links go in circles.
  std::optional<std::string> resolve(const std::string& path) const;

  // The name itself, O_PATH, in the layer it is in; nothing where there is none.
  os::UniqueFd open_name(const std::string& path) const;
  // All names in the directory at this path, sorted; none where there is no directory.
  std::vector<std::string> names(const std::string& path) const;

  // By its resolved path, opened in the layer it is in; nothing unless it is a regular file.
  os::UniqueFd open_file(const std::string& path) const;
  bool is_executable(const std::string& path) const;  // a regular file, links followed

  // os-release(5), from /etc or /usr/lib; empty when there is none.
  std::map<std::string, std::string> os_release() const;
  std::string os() const;  // its PRETTY_NAME, else NAME, printable

 private:
  const std::vector<os::Dir>& stack_at(const std::string& path, std::vector<os::Dir>& opened) const;
  std::optional<os::Dir> holder_of(const std::string& path) const;

  std::vector<os::Dir> layers_;
};

// Goes down the directories of a stack again and again. Where the next path is near the last one, it
// costs what lies between them.
class Descent {
 public:
  explicit Descent(const Stack& stack) : stack_(stack) {}

  std::optional<os::Dir> find_dir(const std::string& path);  // as the stack's
  std::optional<struct stat> stat(const std::string& path);

 private:
  struct Level {
    std::string path;  // without a slash at its end
    std::vector<os::Dir> merged;
  };

  const std::vector<os::Dir>& at(const std::string& path);

  const Stack& stack_;
  std::deque<Level> levels_;  // each in the one before, the first anywhere; few, since each is many open files
};

// A file of one tree whose owner is a stranger: links are followed as if the tree were "/".
os::UniqueFd open_in_root(const os::Dir& root, const std::string& path, int flags);

}  // namespace sdme::layer
