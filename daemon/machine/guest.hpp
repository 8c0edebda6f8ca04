// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "os/process.hpp"
#include "os/unique_fd.hpp"
#include "systemd/pid1.hpp"

// A running container, entered without machined and without a bus in it. Whoever goes inside is
// among strangers: it keeps nothing open, has no capability, and answers are waited for only so long.
namespace sdme::machine {

inline constexpr std::chrono::seconds kGuestPatience{10};

struct Leader {
  os::Process process;  // the guest's PID 1
  bool own_users;       // it has a user namespace of its own
};

// The leader below the unit's main process, systemd-nspawn; nothing when there is none yet.
std::optional<Leader> find_leader(pid_t main_pid);

// As above, for a unit that must run: NotRunning with a sentence.
Leader leader_of(systemd::Pid1& pid1, const std::string& name);

// The guest's own service manager. TimedOut or another error when it does not answer.
systemd::Pid1 service_manager_of(const Leader& leader);

// A terminal of the guest's own, made inside.
struct Terminal {
  os::UniqueFd master;
  os::UniqueFd slave;
  std::string path;  // as the guest names it, /dev/pts/N
};

// The slave belongs to `user` (a name or number, "" for root) when the guest's passwd(5) has it.
Terminal open_terminal(const Leader& leader, const std::string& user);

}  // namespace sdme::machine
