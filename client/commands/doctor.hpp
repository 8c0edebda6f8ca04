// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Doctor {
  static constexpr const char* kName = "doctor";
  static constexpr const char* kSummary = "look for what keeps containers from working on this host";
  static constexpr const char* kExamples = "  sdmectl doctor\n  sdmectl doctor --json";

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
