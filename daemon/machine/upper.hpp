// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::machine {

// Fills a fresh upper directory. A directory that merges with one of the lower layers is made like
// it: owner, mode, access lists and times, since in the guest the upper's are what counts. Paths
// are absolute inside.
class Upper {
 public:
  Upper(const os::Dir& root, const layer::Stack& lower);

  void file(const std::string& path, const std::string& text, mode_t mode);
  void link(const std::string& path, const std::string& target);
  void opaque(const std::string& path);  // an empty directory whose lower content is hidden
  void hide(const std::string& path);    // a whiteout

  // Gives the directories their times; nothing is made afterwards.
  void finish();

 private:
  os::Dir directory(const std::string& path);
  os::Dir parent_of(const std::string& path);
  void make_like(const os::Dir& lower, os::Dir upper);

  const os::Dir& root_;
  const layer::Stack& lower_;
  std::vector<std::pair<os::Dir, timespec>> times_;  // parents first
};

}  // namespace sdme::machine
