// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Stop {
  static constexpr const char* kName = "stop";
  static constexpr const char* kSummary = "stop containers";
  static constexpr const char* kExamples = "  sdmectl stop web\n  sdmectl stop --all --term --timeout 10";

  Names names;
  StopMode mode;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
