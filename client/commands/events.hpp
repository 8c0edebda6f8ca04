// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Events {
  static constexpr const char* kName = "events";
  static constexpr const char* kSummary = "show what happens, as it happens";
  static constexpr const char* kExamples =
      "  sdmectl events\n  sdmectl events --json --filter type=container --filter name=web";

  std::vector<std::string> filters;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
