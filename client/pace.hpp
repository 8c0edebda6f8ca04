// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <optional>

namespace sdme::client {

// How fast a number has grown of late: over the last seconds, so that bursts even out and a stall shows. What comes in
// the first moments after a start does not count: that is what was there before, told all at once.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // From here on it is something else that grows. Not needed for the first, which begins with what is added first.
  void restart(Clock::time_point now);
  void add(Clock::time_point now, double value);
  // Nothing as long as it would be a guess that jumps about.
  std::optional<double> per_second(Clock::time_point now) const;

 private:
  struct Sample {
    Clock::time_point at;
    double value;
  };

  Clock::time_point begun_;
  std::deque<Sample> samples_;  // the first is the newest of those that are too old, or where counting began
};

}  // namespace sdme::client
