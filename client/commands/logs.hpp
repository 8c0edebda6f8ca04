// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "verb.hpp"

namespace sdme::client {

struct Logs {
  static constexpr const char* kName = "logs";
  static constexpr const char* kSummary = "show what a container's console and unit said";
  static constexpr const char* kExamples =
      "  sdmectl logs web\n  sdmectl logs web --follow\n  sdmectl logs web -n 50 --output json";

  std::string name;
  bool follow = false;
  std::uint32_t lines = 0;
  std::string format = "short";

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
