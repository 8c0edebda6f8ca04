// SPDX-License-Identifier: MIT
#pragma once

#include "registry/loop.hpp"

namespace sdme::registry {

inline constexpr int kMostRedirections = 10;

// A request and its answer, where redirections lead: never from https to http, and whoever is not the
// host that was asked is shown no credentials, and is trusted by its own certificate. A form is not
// sent on.
Task<Reply> follow(Loop& loop, Trusts& trusts, Request request);

}  // namespace sdme::registry
