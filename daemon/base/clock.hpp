// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

// The clocks as systemd counts them: microseconds.
namespace sdme {

template <typename Clock>
std::uint64_t usec_of() {
  const auto since = Clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

// Since 1970: for records.
inline std::uint64_t realtime_usec() { return usec_of<std::chrono::system_clock>(); }

// CLOCK_MONOTONIC: for how long something takes.
inline std::uint64_t monotonic_usec() { return usec_of<std::chrono::steady_clock>(); }

}  // namespace sdme
