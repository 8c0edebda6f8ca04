// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "systemd/pid1.hpp"

// How a guest is, by what its own systemd says.
namespace sdme::machine {

struct Health {
  std::string word;  // ok, degraded, failed, unknown
  std::vector<std::string> failed_units;
};

// Of one that is up, whose unit is in that state. A guest that does not answer in time is "unknown".
Health ask_health(const systemd::ServiceState& state, const std::string& name);

}  // namespace sdme::machine
