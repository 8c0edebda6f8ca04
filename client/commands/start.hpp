// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Start {
  static constexpr const char* kName = "start";
  static constexpr const char* kSummary = "boot containers and wait until they are up";
  static constexpr const char* kExamples = "  sdmectl start web db\n  sdmectl start --all --timeout 120";

  Names names;
  unsigned timeout_seconds = 0;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
