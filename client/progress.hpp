// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bus.hpp"
#include "pace.hpp"

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
  Pace bytes_pace;  // of this phase
  Pace whole_pace;  // of the fraction, in this phase

  // Takes over what a list of jobs or a changed property says; both spellings are known.
  void update(const Dict& changed, Clock::time_point now);

  // "import web: unpack  [=====>    ]  52%  120 MiB of 230 MiB  35 MiB/s  0:03 left". Where `columns` are few, the bar
  // is shorter, then none; then the end is cut.
  std::string bar(Clock::time_point now, std::size_t columns) const;
  // The same without a bar, for a log.
  std::string line(Clock::time_point now) const;
};

}  // namespace sdme::client
