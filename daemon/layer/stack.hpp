// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

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
 public:
  explicit Stack(std::vector<os::Dir> layers) : layers_(std::move(layers)) {}  // top first
  static Stack of_layers(const std::vector<std::string>& ids);                 // of the store, top first
  static Stack of_host() { return of_directory("/"); }
  static Stack of_directory(const std::string& path);

  // The topmost of the directories that merge at this path; nothing when there is none, or a link
  // or file is in the way.
  std::optional<os::Dir> find_dir(const std::string& path) const;

  std::optional<struct stat> stat(const std::string& path) const;  // of the name itself
  std::optional<std::string> link_target(const std::string& path) const;

  // Where a path leads when links are followed as if the stack were "/": a path without links, of
  // something that exists. Nothing when it does not, or links go in circles.
  std::optional<std::string> resolve(const std::string& path) const;

  // By its resolved path, opened in the layer it is in; nothing unless it is a regular file.
  os::UniqueFd open_file(const std::string& path) const;
  bool is_executable(const std::string& path) const;  // a regular file, links followed

  // os-release(5), from /etc or /usr/lib; empty when there is none.
  std::map<std::string, std::string> os_release() const;
  std::string os() const;  // its PRETTY_NAME, else NAME, printable

 private:
  std::vector<os::Dir> stack_at(const std::string& path) const;
  std::optional<os::Dir> holder_of(const std::string& path) const;

  std::vector<os::Dir> layers_;
};

// A file of one tree whose owner is a stranger: links are followed as if the tree were "/".
os::UniqueFd open_in_root(const os::Dir& root, const std::string& path, int flags);

}  // namespace sdme::layer
