// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "client.hpp"

namespace sdme::client {

// One command of `exec` or `join`, run in a container with our standard input, output and error.
struct SessionRequest {
  std::string name;
  std::string user;
  std::vector<std::string> argv;  // any bytes
  std::vector<std::string> env;   // NAME=VALUE
  std::string cwd;
};

// How it ended, as a shell tells it: its status, or 128 and the signal.
// Through three pipes, byte for byte. Signals that reach us reach the command.
int run_piped(Client& client, const SessionRequest& request);
// On a terminal made inside, joined to ours.
int run_on_terminal(Client& client, const SessionRequest& request);
// On a terminal when standard input and output both are one.
int run_as_fits(Client& client, const SessionRequest& request);

// What is the client's own failure here, and not the command's, ends with 125.
inline constexpr int kSessionFailed = 125;

}  // namespace sdme::client
