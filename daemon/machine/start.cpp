// SPDX-License-Identifier: MIT
#include <poll.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"
#include "machine/guest.hpp"
#include "machine/last_words.hpp"
#include "machine/power.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kForgottenWithin{5};

// After a failed boot nobody waits for politeness; and a worker that was cancelled has five seconds in all.
constexpr StopTimes kAfterFailure = {
    .graceful = {}, .terminate = std::chrono::seconds(2), .kill = std::chrono::seconds(15)};

// What a guest that still boots can say of itself.
LastWords words_of_late(const systemd::ServiceState& state, std::chrono::microseconds timeout) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  LastWords words = {.why = "the guest was not up within " + std::to_string(seconds) + " s",
                     .failed_units = {},
                     .running_jobs = {},
                     .lines = {}};
  try {
    if (const auto leader = find_leader(state.main_pid)) {
      auto inside = service_manager_of(*leader);
      words.failed_units = inside.failed_units();
      words.running_jobs = inside.running_jobs();
    }
  } catch (const Error& error) {
    if (error.code() == Errc::kCancelled) throw;
    words.why += ", and its systemd does not answer";
  }
  words.lines = journal_tail(state.invocation);
  return words;
}

// What is to be said of a unit that has ended, and had begun as the invocation `begun`. One that ends by itself before it
// was up has not succeeded. That one may be forgotten by now, with all that it was.
LastWords words_of_end(const systemd::ServiceState& state, const std::string& begun) {
  const bool was_stopped = !begun.empty() && state.result == "success";
  return {
      .why = was_stopped ? "somebody else stopped the unit of the container before the guest was up" : why_ended(state),
      .failed_units = {},
      .running_jobs = {},
      .lines = journal_tail(begun.empty() ? state.invocation : begun)};
}

// To be called when the unit was asked to start: while systemd has a job for it, it may only wait for others.
systemd::ServiceState await_boot(systemd::Pid1& pid1, const std::string& unit, std::chrono::microseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::string begun;
  while (true) {
    auto state = pid1.service(unit);
    if (state.running()) return state;
    if (!state.ended()) begun = state.invocation;
    if ((state.ended() && !state.queued) || state.failed_for_now()) {
      throw Error(Errc::kBootFailed, to_message(words_of_end(state, begun)));
    }
    if (Clock::now() >= deadline) throw Error(Errc::kTimedOut, to_message(words_of_late(state, timeout)));
    pid1.await_change(unit, deadline);
  }
}

// machined hears of a guest's end after systemd does, and would refuse the next of the same name. A name that
// stays taken is another's: systemd-nspawn says so.
void await_forgotten(const std::string& name) {
  const auto state = std::string(layout::kMachinesState) + "/" + name;
  const auto deadline = Clock::now() + kForgottenWithin;
  sd_login_monitor* made = nullptr;
  if (sd_login_monitor_new("machine", &made) < 0) return;  // no machined, nobody to wait for
  const std::unique_ptr<sd_login_monitor, decltype(&sd_login_monitor_unref)> monitor(made, sd_login_monitor_unref);
  while (access(state.c_str(), F_OK) == 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd changes = {.fd = sd_login_monitor_get_fd(made), .events = POLLIN, .revents = 0};
    if (left <= 0 || poll(&changes, 1, static_cast<int>(left)) < 0) return;
    sd_login_monitor_flush(made);
  }
}

// The mark of the request to stop is spent: what follows is what it asked for.
void stop_quietly(const std::string& name) {
  try {
    os::forget_stop_request();
    auto pid1 = systemd::Pid1::of_host();
    stop(pid1, name, StopMode::kTerminate, kAfterFailure);
  } catch (const Error& error) {
    log::warning("container '" + name + "' could not be stopped after its boot failed: " + error.message());
  }
}

}  // namespace

Health start(systemd::Pid1& pid1, const std::string& name, std::chrono::microseconds timeout, Begun begun) {
  const auto unit = layout::container_unit(name);
  if (begun == Begun::kNo) {
    const auto state = pid1.service(unit);
    if (state.running() && state.frozen) pid1.thaw(unit);
    if (state.running()) return ask_health(state, name);
  }
  try {
    if (begun == Begun::kNo) {
      await_forgotten(name);
      pid1.start(unit);
    }
    return ask_health(await_boot(pid1, unit, timeout), name);
  } catch (const Error&) {
    stop_quietly(name);
    throw;
  }
}

}  // namespace sdme::machine
