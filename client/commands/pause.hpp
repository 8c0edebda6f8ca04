// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Pause {
  static constexpr const char* kName = "pause";
  static constexpr const char* kSummary = "have all that runs in containers stand still";
  static constexpr const char* kExamples = "  sdmectl pause web\n  sdmectl resume web";

  Names names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct Resume {
  static constexpr const char* kName = "resume";
  static constexpr const char* kSummary = "have paused containers go on";
  static constexpr const char* kExamples = "  sdmectl resume web\n  sdmectl resume --all";

  Names names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
