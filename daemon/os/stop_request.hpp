// SPDX-License-Identifier: MIT
#pragma once

// A worker that is told to stop (SIGTERM) first undoes what it began. So the signal only leaves a
// mark, and blocking calls end early with EINTR.
namespace sdme::os {

void heed_stop_requests();
bool stop_requested();
void forget_stop_request();  // when what is asked for is being done
void throw_if_stop_requested();  // Cancelled

}  // namespace sdme::os
