// SPDX-License-Identifier: MIT
#pragma once

#include "container_flags.hpp"
#include "verb.hpp"

namespace sdme::client {

struct New {
  static constexpr const char* kName = "new";
  static constexpr const char* kSummary = "make a container, start it, and enter it";
  static constexpr const char* kExamples =
      "  sdmectl new\n"
      "  sdmectl new web --fs debian --private-network\n"
      "  sdmectl new --fs debian -- apt-get --version";
  // Its name may be left out, so only -- can tell where a command begins.
  static constexpr bool kCommandAfterName = false;

  ContainerFlags flags;
  unsigned timeout_seconds = 0;
  std::string user;
  std::vector<std::string> command;

  void define(CLI::App& app);
  int run(Client& client) const;

 private:
  int enter(Client& client, const std::string& name) const;
};

}  // namespace sdme::client
