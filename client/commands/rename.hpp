// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Rename {
  static constexpr const char* kName = "rename";
  static constexpr const char* kSummary = "give a stopped container another name";
  static constexpr const char* kExamples = "  sdmectl rename web shop";

  std::string name;
  std::string new_name;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
