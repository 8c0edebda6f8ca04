// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Remove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "remove containers with all that they wrote";
  static constexpr const char* kExamples = "  sdmectl rm web\n  sdmectl rm --all --force";

  Names names;
  bool force = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
