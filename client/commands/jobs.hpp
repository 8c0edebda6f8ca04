// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "verb.hpp"

namespace sdme::client {

struct Jobs {
  static constexpr const char* kName = "jobs";
  static constexpr const char* kSummary = "list the jobs that run, wait, or ended lately";
  static constexpr const char* kExamples = "  sdmectl jobs\n  sdmectl jobs wait 17\n  sdmectl jobs cancel 17 18";

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct JobsWait {
  static constexpr const char* kName = "wait";
  static constexpr const char* kSummary = "wait for the end of jobs, and end as they do";
  static constexpr const char* kExamples = "  sdmectl jobs wait 17";

  std::vector<std::uint64_t> ids;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct JobsCancel {
  static constexpr const char* kName = "cancel";
  static constexpr const char* kSummary = "have jobs stop";
  static constexpr const char* kExamples = "  sdmectl jobs cancel 17";

  std::vector<std::uint64_t> ids;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct JobsShow {
  static constexpr const char* kName = "show";
  static constexpr const char* kSummary = "show all there is to know of a job";
  static constexpr const char* kExamples = "  sdmectl jobs show 17 --json";

  std::vector<std::uint64_t> ids;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
