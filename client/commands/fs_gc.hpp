// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct FsGc {
  static constexpr const char* kName = "gc";
  static constexpr const char* kSummary = "remove layers and broken off downloads that nothing needs";
  static constexpr const char* kExamples = "  sdmectl fs gc";

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
