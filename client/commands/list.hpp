// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct List {
  static constexpr const char* kName = "ps";
  static constexpr const char* kSummary = "list the containers";
  static constexpr const char* kExamples =
      "  sdmectl ps\n  sdmectl ps --json | jq -r '.[] | select(.state == \"running\") | .name'";

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
