// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-event.h>

#include <memory>
#include <optional>

#include "bus/authority.hpp"
#include "bus/context.hpp"
#include "bus/ephemerals.hpp"
#include "bus/healths.hpp"
#include "bus/manager_object.hpp"
#include "bus/objects.hpp"
#include "bus/peers.hpp"
#include "bus/pump.hpp"

namespace sdme::bus {

// sdmed, put together: recovers, serves the system bus and the peers, and leaves when idle.
class Daemon {
 public:
  explicit Daemon(sd_event* loop);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Runs until idle or terminated; the exit status.
  int run();

 private:
  // All that hangs on the system bus.
  struct SystemBus;

  systemd::UnitWatch::Events unit_events();
  void serve();  // after the jobs of the daemon before us have been settled
  void connect_system_bus();
  void take_stock();
  void ask_frozen(const std::vector<systemd::UnitState>& units);
  void on_unit_removed(const std::string& unit);
  void on_tick();
  bool idle() const;
  void leave();
  void leave_when_answered();
  void say_status();

  sd_event* loop_;
  Context context_;
  std::unique_ptr<SystemBus> bus_;
  std::unique_ptr<Peers> peers_;
  Ephemerals ephemerals_;
  Healths healths_;
  sd_event_source* tick_ = nullptr;
  bool serving_ = false;
  bool leaving_ = false;
};

}  // namespace sdme::bus
