// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct FsRemove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "remove root filesystems that no container uses";
  static constexpr const char* kExamples = "  sdmectl fs rm debian\n  sdmectl fs rm --all --force";

  Names names;
  bool force = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
