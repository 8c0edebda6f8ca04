// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "systemd/transient_unit.hpp"

namespace sdme::systemd {

struct UnitState {
  std::string unit;
  std::string active;  // ActiveState: active, activating, deactivating, inactive, failed, …
  bool queued = false;  // a job of systemd's waits or works: one that is to start is still "inactive"

  bool ended() const { return !queued && (active == "inactive" || active == "failed"); }
};

struct UnitDetail {
  std::string invocation;      // InvocationID in hex, "" when it does not run
  std::uint32_t main_pid = 0;  // 0 when it does not run
  bool frozen = false;
};

// PID 1 seen from the daemon's event loop, over its private socket: works without a bus, and there
// every signal arrives unasked. Nothing here waits; answers come as callbacks from the loop, and
// none after the object is gone. A lost connection (systemd re-executed itself) is made again, and
// `lost` is told, since signals may have been missed.
class UnitWatch {
 public:
  struct Events {
    std::function<void(const std::string& unit, const std::string& active)> changed;
    std::function<void(const std::string& unit, bool frozen)> frozen;
    std::function<void(const std::string& unit, const std::string& result)>
        result;  // Service.Result: oom-kill, signal, …
    std::function<void(const std::string& unit)> removed;  // unloaded: it has ended for good
    std::function<void()> lost;
  };
  using Done = std::function<void(std::optional<Error>)>;
  using Inspected = std::function<void(const UnitDetail&)>;
  using Counted = std::function<void(std::optional<std::uint64_t>)>;
  using Listed = std::function<void(std::vector<UnitState>)>;

  // Watches units whose name begins with "sdme-".
  UnitWatch(sd_event* loop, Events events);
  ~UnitWatch();
  UnitWatch(const UnitWatch&) = delete;
  UnitWatch& operator=(const UnitWatch&) = delete;

  void start(const TransientUnit& unit, Done done);
  void start(const std::string& unit, Done done);  // told when its job is queued
  // SIGKILL to all of it; it is not started again, and shows as stopped and not failed.
  void kill(const std::string& unit);
  void stop(const std::string& unit);  // SIGTERM now, SIGKILL after its TimeoutStopUSec
  void inspect(const std::string& unit, Inspected inspected);
  // A number among the properties of a service; none where systemd does not count it. Not answered when the connection is
  // lost.
  void count(const std::string& unit, const std::string& property, Counted counted);
  // Asked again when systemd takes too long; not answered when the connection is lost: `lost` tells.
  void list(const std::vector<std::string>& patterns, Listed listed);

 private:
  struct Call;

  void connect();
  void connect_again();
  void connect_later();
  int on_message(sd_bus_message* message);
  void forgive_killed(const std::string& unit, const std::string& active);
  void call_async(sd_bus_message* message, std::function<void(sd_bus_message*)> reply);

  sd_event* loop_;
  Events events_;
  sd_bus* bus_ = nullptr;
  sd_event_source* reconnect_ = nullptr;
  std::set<std::string> killed_;  // by us, and not seen to end yet
};

}  // namespace sdme::systemd
