// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <memory>

namespace sdme::bus {

// org.freedesktop.LogControl1(5), for `systemctl service-log-level sdmed.service debug`. The bus
// policy lets only root write it.
std::unique_ptr<sdbus::IObject> make_log_control(sdbus::IConnection& connection);

}  // namespace sdme::bus
