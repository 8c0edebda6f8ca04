// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Enable {
  static constexpr const char* kName = "enable";
  static constexpr const char* kSummary = "have containers start at boot";
  static constexpr const char* kExamples = "  sdmectl enable web db";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct Disable {
  static constexpr const char* kName = "disable";
  static constexpr const char* kSummary = "have containers no longer start at boot";
  static constexpr const char* kExamples = "  sdmectl disable web";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
