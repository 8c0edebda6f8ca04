// SPDX-License-Identifier: MIT
#pragma once

#include "bus.hpp"
#include "globals.hpp"
#include "loop.hpp"
#include "output.hpp"

namespace sdme::client {

// What a verb works with.
struct Client {
  explicit Client(const Globals& options) : globals(options), bus(loop, globals), out(globals) {}

  const Globals globals;
  Loop loop;
  Bus bus;
  Output out;
};

}  // namespace sdme::client
