// SPDX-License-Identifier: MIT
#include <csignal>

#include "base/error.hpp"
#include "machine/guest.hpp"
#include "machine/power.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

// SIGRTMIN+4 as the guest counts: "power off", systemd(1). A literal, since SIGRTMIN is whatever
// the C library of this process left over.
constexpr int kPowerOff = 34 + 4;

bool has_ended(systemd::Pid1& pid1, const std::string& unit, std::chrono::microseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!pid1.service(unit).ended()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    pid1.await_change(unit, deadline);
  }
  return true;
}

// Asks the guest to power off, and waits until it has. One that still boots is deaf at first, and one that was about to
// reboot comes back without having listened: both are asked again. False at once when there is nobody to ask, as between
// two boots: systemd then starts it no more.
bool powers_off(systemd::Pid1& pid1, const std::string& unit, std::chrono::microseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  pid_t asked = 0;
  bool was_up = false;
  while (true) {
    const auto state = pid1.service(unit);
    if (state.ended()) return true;
    const auto leader = find_leader(state.main_pid);
    if (state.between_boots() || (asked == 0 && !leader)) return false;
    if (leader && (leader->process.pid != asked || !was_up)) {
      leader->process.signal(kPowerOff);
      asked = leader->process.pid;
      was_up = state.running();
    }
    if (std::chrono::steady_clock::now() >= deadline) return false;
    pid1.await_change(unit, deadline);
  }
}

// A guest that stands still cannot do what it is asked; and systemd stops no unit that is frozen.
void thaw(systemd::Pid1& pid1, const std::string& unit, StopMode mode) {
  if (!pid1.service(unit).frozen) return;
  if (mode == StopMode::kKill) pid1.kill_all(unit, SIGKILL);
  pid1.thaw(unit);
}

std::string stop_running(systemd::Pid1& pid1, const std::string& unit, StopMode mode, const StopTimes& times) {
  thaw(pid1, unit, mode);
  if (mode == StopMode::kGraceful && powers_off(pid1, unit, times.graceful)) return "graceful";
  if (mode != StopMode::kKill) {
    pid1.stop(unit);
    if (has_ended(pid1, unit, times.terminate)) return "terminate";
  }
  // The job of StopUnit keeps systemd from starting it again.
  pid1.kill_all(unit, SIGKILL);
  pid1.stop(unit);
  if (has_ended(pid1, unit, times.kill)) return "kill";
  throw Error(Errc::kTimedOut, unit + " did not end, although all its processes were killed");
}

}  // namespace

std::string stop(systemd::Pid1& pid1, const std::string& name, StopMode mode, const StopTimes& times) {
  const auto unit = layout::container_unit(name);
  std::string by;
  if (!pid1.service(unit).ended()) by = stop_running(pid1, unit, mode, times);
  pid1.reset_failed(unit);
  return by;
}

}  // namespace sdme::machine
