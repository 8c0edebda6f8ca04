// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Stats {
  static constexpr const char* kName = "stats";
  static constexpr const char* kSummary = "show what containers use";
  static constexpr const char* kExamples = "  sdmectl stats\n  sdmectl stats web db --once --json";

  std::vector<std::string> names;
  bool once = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
