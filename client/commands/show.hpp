// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Show {
  static constexpr const char* kName = "show";
  static constexpr const char* kSummary = "show all there is to know of containers";
  static constexpr const char* kExamples =
      "  sdmectl show web\n  sdmectl show web --effective\n  sdmectl show web db --json";

  std::vector<std::string> names;
  bool effective = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
