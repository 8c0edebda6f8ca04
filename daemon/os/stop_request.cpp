// SPDX-License-Identifier: MIT
#include "os/stop_request.hpp"

#include <csignal>

#include "base/error.hpp"

namespace sdme::os {

namespace {

volatile std::sig_atomic_t requested = 0;

}  // namespace

void heed_stop_requests() {
  struct sigaction action = {};
  action.sa_handler = [](int) { requested = 1; };
  if (sigaction(SIGTERM, &action, nullptr) < 0) throw_errno("listening for SIGTERM");
}

bool stop_requested() { return requested != 0; }

void forget_stop_request() { requested = 0; }

void throw_if_stop_requested() {
  if (stop_requested()) throw Error(Errc::kCancelled, "it was cancelled");
}

}  // namespace sdme::os
