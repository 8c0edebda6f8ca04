// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Wait {
  static constexpr const char* kName = "wait";
  static constexpr const char* kSummary = "wait until a container runs, is healthy, or has stopped";
  static constexpr const char* kExamples = "  sdmectl wait web\n  sdmectl wait web --for healthy --timeout 60";

  std::string name;
  std::string state = "stopped";
  unsigned timeout_seconds = 0;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
