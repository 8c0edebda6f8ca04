// SPDX-License-Identifier: MIT
#pragma once

#include "definition_flags.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Set {
  static constexpr const char* kName = "set";
  static constexpr const char* kSummary = "change what a container is";
  static constexpr const char* kExamples =
      "  sdmectl set web --memory 1G --cpus 2     at once, and from now on\n"
      "  sdmectl set web --memory none            no limit any more\n"
      "  sdmectl set web --hardened               from its next start";

  std::string name;
  DefinitionFlags wanted;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
