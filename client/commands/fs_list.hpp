// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct FsList {
  static constexpr const char* kName = "ls";
  static constexpr const char* kSummary = "list the root filesystems";
  static constexpr const char* kExamples =
      "  sdmectl fs ls\n  sdmectl fs ls --json | jq -r '.[] | select(.own > 1000000000) | .name'";

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
