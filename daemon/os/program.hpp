// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::os {

// A program that a worker runs. It gets the descriptors it is given and no other, and ends with us.
class Program {
 public:
  struct Start {
    std::vector<std::string> argv;  // argv[0] is the absolute path
    // Its descriptors from 0 on, -1 for /dev/null. 2 is where it complains, see words().
    std::vector<int> fds;
    std::uint64_t namespaces = 0;          // of its own: CLONE_NEWPID and the like
    std::function<void()> before_exec;     // in the child, its descriptors at their places
  };

  explicit Program(const Start& start);
  ~Program();  // kills it and waits
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int wait();  // until it ends; as waitpid(2) has it, 127 when it could not be started

  // What it said on standard error: printable lines, cut where that gets long.
  std::string words() const;

 private:
  pid_t pid_ = -1;
  int status_ = -1;
  UniqueFd words_;
};

}  // namespace sdme::os
