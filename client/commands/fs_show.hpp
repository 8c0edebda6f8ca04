// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct FsShow {
  static constexpr const char* kName = "show";
  static constexpr const char* kSummary = "show all there is to know of root filesystems";
  static constexpr const char* kExamples =
      "  sdmectl fs show debian\n  sdmectl fs show debian --json | jq -r '.[0].digest'";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
