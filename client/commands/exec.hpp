// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Exec {
  static constexpr const char* kName = "exec";
  static constexpr const char* kSummary = "run a command in a running container";
  static constexpr const char* kExamples =
      "  sdmectl exec web systemctl status nginx\n"
      "  tar -c . | sdmectl exec web --cwd /srv -- tar -x\n"
      "  sdmectl exec web --user www-data -e LANG=C.UTF-8 -- sh -c 'id; pwd'";
  static constexpr bool kCommandAfterName = true;

  std::string name;
  std::string user;
  std::string cwd;
  std::vector<std::string> env;
  bool terminal = false;
  bool no_terminal = false;
  std::vector<std::string> command;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
