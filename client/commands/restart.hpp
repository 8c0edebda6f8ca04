// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Restart {
  static constexpr const char* kName = "restart";
  static constexpr const char* kSummary = "stop containers and boot them again";
  static constexpr const char* kExamples = "  sdmectl restart web\n  sdmectl restart db --kill";

  Names names;
  StopMode mode;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
