// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-event.h>

#include <functional>
#include <memory>

namespace sdme::bus {

// Drives one sdbus-c++ connection from the event loop. sdbus-c++ brings such glue, but lets the
// end of a peer's connection fly as an exception through libsystemd; here it becomes a callback,
// called from the loop and never from inside a handler of the connection.
class Pump {
 public:
  Pump(sd_event* loop, sdbus::IConnection& connection, std::function<void()> closed);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Handles what has come, so many messages at most: one who sends without end must not keep the others waiting.
  void drain(int most = 16);

 private:
  int prepare();
  void close_later();

  sdbus::IConnection& connection_;
  std::function<void()> closed_;
  sd_event_source* io_ = nullptr;
  sd_event_source* wakeup_ = nullptr;
  sd_event_source* timer_ = nullptr;
  sd_event_source* closing_ = nullptr;
};

}  // namespace sdme::bus
