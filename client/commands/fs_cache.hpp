// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct CacheInspect {
  static constexpr const char* kName = "info";
  static constexpr const char* kSummary = "show where the cache is and how full";
  static constexpr const char* kExamples = "  sdmectl fs cache info";

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct CacheList {
  static constexpr const char* kName = "ls";
  static constexpr const char* kSummary = "list what is in the cache, what was used last first";
  static constexpr const char* kExamples = "  sdmectl fs cache ls";

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct CacheClean {
  static constexpr const char* kName = "clean";
  static constexpr const char* kSummary = "remove from the cache what is too much, or all";
  static constexpr const char* kExamples = "  sdmectl fs cache clean\n  sdmectl fs cache clean --all";

  bool all = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
