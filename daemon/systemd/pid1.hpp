// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"
#include "systemd/transient_unit.hpp"

namespace sdme::systemd {

// What PID 1 says of one service. A unit that it does not know is "inactive".
struct ServiceState {
  std::string active;       // ActiveState
  std::string sub;          // SubState
  std::string result;       // success, exit-code, signal, protocol, …
  std::string status_text;  // what the service said of itself last, sd_notify(3)
  std::string invocation;   // 32 hex digits, or "" when it never ran
  pid_t main_pid = 0;
  int exit_code = 0;    // CLD_EXITED, CLD_KILLED, …: how the main process ended
  int exit_status = 0;  // its exit status, or the signal

  bool queued = false;  // a job of systemd's waits or works: one that is to start may still be "inactive"
  bool frozen = false;  // its processes stand still, or are about to

  bool running() const { return active == "active" || active == "reloading"; }
  bool ended() const { return active == "inactive" || active == "failed"; }
  // It has ended and systemd is about to start it again: Restart=.
  bool between_boots() const { return sub.contains("auto-restart"); }
  bool failed_for_now() const { return between_boots() && result != "success"; }
};

// What all processes of a unit use together; UINT64_MAX where nobody counts.
struct ResourceUse {
  std::uint64_t memory = UINT64_MAX;    // bytes
  std::uint64_t tasks = UINT64_MAX;
};

// A service manager, over its private socket: it needs no bus daemon, and there every signal
// arrives unasked. Blocking, each answer within `patience`, else TimedOut. That of a guest is a
// stranger: what it says is cut to size and made printable.
class Pid1 {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  static Pid1 of_host();
  Pid1(os::UniqueFd socket, std::chrono::microseconds patience);

  // These answer when the job is queued; await_change() tells of the rest.
  void start(const std::string& unit);
  void start(const TransientUnit& unit);
  void start(const TransientSocket& socket);
  void stop(const std::string& unit);  // one that is not loaded is no error
  void kill_all(const std::string& unit, int signal);  // likewise
  void reset_failed(const std::string& unit);          // likewise

  // Until the host is shut down: systemd keeps them in layout::kUnitControl.
  void set_properties(const std::string& unit, const std::vector<Property>& properties);
  ResourceUse resource_use(const std::string& unit);
  // Drop-ins of an administrator's place and properties set at run time go; systemd reads its files anew.
  void revert(const std::string& unit);
  // All of its processes stand still, or go on. What is so already is no error.
  void freeze(const std::string& unit);
  void thaw(const std::string& unit);
  void reload();  // of unit files
  void reload(const std::string& unit);  // of a service's own configuration; one that does not run is no error
  std::string active_state(const std::string& unit);  // ActiveState of a unit of any kind
  bool is_outdated(const std::string& unit);  // its files were changed since they were read: NeedDaemonReload

  void enable(const std::string& unit);
  void disable(const std::string& unit);

  ServiceState service(const std::string& unit);
  std::string system_state();
  std::vector<std::string> failed_units();
  std::vector<std::string> running_jobs();  // "cron.service/start"

  // Returns when the unit may have changed, after a second at the latest, and not after the
  // deadline. Cancelled when the process was asked to stop (os/stop_request.hpp).
  void await_change(const std::string& unit, Deadline deadline);

 private:
  struct MessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
  };
  struct BusUnref {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };
  using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

  void await_ready();
  // One step of the connection; false when there is nothing until then.
  bool process_or_wait(Deadline until, Message* message);
  Message manager_call(const char* member);
  Message call(sd_bus_message* message);
  void call_unit(const char* member, const std::string& unit);
  Message properties(const std::string& unit, const char* interface);

  std::unique_ptr<sd_bus, BusUnref> bus_;
  std::chrono::microseconds patience_;
};

}  // namespace sdme::systemd
