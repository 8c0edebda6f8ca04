// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "machine/health.hpp"
#include "systemd/pid1.hpp"

// Containers as units: up, down, and how that went.
namespace sdme::machine {

enum class StopMode { kGraceful, kTerminate, kKill };

struct StopTimes {
  std::chrono::microseconds graceful{};
  std::chrono::microseconds terminate{};
  std::chrono::microseconds kill{};
};

// Stops a container, going on from one mode to the next; reset so that it shows as stopped and not
// failed. The mode that did it, "" when it did not run. TimedOut when not even a kill did.
std::string stop(systemd::Pid1& pid1, const std::string& name, StopMode mode, const StopTimes& times);

enum class Begun { kNo, kYes };  // whether systemd was asked already to start it

// Boots a container and returns when the guest says that it is up; at once when it is. BootFailed
// and TimedOut with the guest's last words; then, and when cancelled, it is stopped again.
Health start(systemd::Pid1& pid1, const std::string& name, std::chrono::microseconds timeout, Begun begun);

}  // namespace sdme::machine
