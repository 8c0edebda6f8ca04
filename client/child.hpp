// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "fd.hpp"

namespace sdme::client {

// A program that we started. It gets the three descriptors it is given and no other, and ends with us.
class Child {
 public:
  struct Descriptors {
    int in = -1;  // -1: /dev/null
    int out = -1;
    int err = -1;
    int fourth = -1;  // becomes descriptor 3
  };

  Child(const std::vector<std::string>& argv, const Descriptors& descriptors);
  ~Child();  // terminates it and waits
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Readable once it has ended.
  int pidfd() const { return pidfd_.get(); }
  // As waitpid(2) has it; nothing while it runs. A program that could not be started exits with 127.
  std::optional<int> status();
  void kill(int signal);

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<int> status_;
};

}  // namespace sdme::client
