// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sdme::provision {

// Where the programs of a foreign root filesystem run: systemd-nspawn as a tool, with namespaces
// for users, processes, mounts and the rest, few capabilities in them, and a /dev of its own.
struct Chamber {
  std::string root;                      // what they see as "/"
  std::string name;                      // systemd-nspawn wants one
  std::uint32_t base = 0;                // of the user namespace
  bool network = true;                   // the host's; else none
  std::vector<std::string> capabilities;  // in the user namespace, beside those that all have
  std::uint64_t largest_file = 0;        // that they may write
  std::vector<std::string> environment;  // NAME=VALUE
};

// The whole command line that runs one line of shell in it.
std::vector<std::string> command_line(const Chamber& chamber, const std::string& command);

struct Ended {
  int status = 0;          // 0, or why not: of the command's, or systemd-nspawn's own
  std::string last_words;  // the end of what it printed, printable lines
};

// Runs it until its first process ends; the others end with it. `watch` is called some times a
// second, and what it throws ends them too. Nothing of a chamber is left when this returns.
Ended run_in(const Chamber& chamber, const std::string& command, const std::function<void()>& watch);

}  // namespace sdme::provision
