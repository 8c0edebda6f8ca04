// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "child.hpp"
#include "loop.hpp"

namespace sdme::client {

// Has pkttyagent(1) ask for passwords on our terminal for as long as it lives. Nothing when it could not: for root,
// who is never asked, and without a terminal. Yields to the agent of a desktop. Returns once it is registered,
// or has failed to be: then polkit finds no agent, and its answer says so.
std::unique_ptr<Child> open_polkit_agent(Loop& loop);

}  // namespace sdme::client
