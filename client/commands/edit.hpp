// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Edit {
  static constexpr const char* kName = "edit";
  static constexpr const char* kSummary = "change what a container is, in an editor";
  static constexpr const char* kExamples = "  sdmectl edit web\n  EDITOR=nano sdmectl edit web";

  std::string name;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
