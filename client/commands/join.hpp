// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Join {
  static constexpr const char* kName = "join";
  static constexpr const char* kSummary = "enter a container with a shell; leave with exit, or Ctrl-] three times";
  static constexpr const char* kExamples = "  sdmectl join web\n  sdmectl join web --start --user alice";
  static constexpr bool kCommandAfterName = true;

  std::string name;
  std::string user;
  bool start = false;
  unsigned timeout_seconds = 0;
  std::vector<std::string> command;

  void define(CLI::App& app);
  int run(Client& client) const;

 private:
  void start_if_stopped(Client& client, const std::string& container) const;
};

}  // namespace sdme::client
