// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "bus/context.hpp"

namespace sdme::bus {

// Containers that are to go when they have stopped. They are looked for, and not heard of: so those too are found that
// stopped while no daemon was there, by whatever hand.
class Ephemerals {
 public:
  // To be called once a second. Removes what ran, and has been down for two of these: a guest that reboots is down for
  // a moment.
  void tick(Context& context);
  // While one is up, somebody has to be there when it ends; and a moment longer.
  bool any_left(const Context& context) const;

 private:
  std::set<std::string> down_;  // at the last tick
  // Of those whose removal was asked for, by uuid, for another may have the name soon: CLOCK_MONOTONIC.
  std::map<std::string, std::uint64_t> not_before_;
};

}  // namespace sdme::bus
