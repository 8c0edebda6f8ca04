// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "bus/context.hpp"

namespace sdme::bus {

// How those containers are that no job of ours started: systemd did, at boot, after a failure, or as another needs them.
class Healths {
 public:
  // To be called once a second. Has those asked, together, that have lacked it for two of these: who starts one by a job
  // tells a moment later.
  void tick(Context& context);

 private:
  std::set<std::string> lacking_;  // at the last tick
  std::set<std::string> asked_;  // and still lacking: once is enough, whatever came of it
};

}  // namespace sdme::bus
