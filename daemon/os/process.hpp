// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::os {

// A process held by a pidfd, so that its number is never taken for another's.
struct Process {
  pid_t pid = 0;
  UniqueFd fd;

  static Process open(pid_t pid);  // NotFound when there is none
  bool alive() const;
  void signal(int number) const;  // one that ended meanwhile is no error
};

// The child that is the first process of a pid namespace of its own: for systemd-nspawn's process, the guest's PID 1.
std::optional<Process> find_init(pid_t parent);

// Runs `work` in a forked child, which may go where it cannot come back from, and hands over the
// fds that it returns, at most four. What it throws is thrown here; after `patience` it is killed
// and that is TimedOut. For processes of one thread.
std::vector<UniqueFd> fds_from_child(std::chrono::milliseconds patience,
                                     const std::function<std::vector<UniqueFd>()>& work);

}  // namespace sdme::os
