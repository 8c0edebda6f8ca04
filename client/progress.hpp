// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bus.hpp"

namespace sdme::client {

// How far a job is, and what of it is shown: functions of the state and the time, so that tests can read them.
struct JobProgress {
  using Clock = std::chrono::steady_clock;

  std::string verb;  // "import"
  std::string name;  // of what it works on
  std::string phase;
  double fraction = -1;  // of the whole; negative: unknown
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: unknown
  Clock::time_point since;

  // Takes over what a list of jobs or a changed property says; both spellings are known.
  void update(const Dict& changed);

  // "import web: unpack [=====>    ]  52%  120 MiB of 230 MiB  35 MiB/s  0:03 left", cut at `columns`.
  std::string bar(Clock::time_point now, std::size_t columns) const;
  // The same without a bar, for a log.
  std::string line() const;
};

}  // namespace sdme::client
