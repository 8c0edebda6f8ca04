// SPDX-License-Identifier: MIT
#include "bus/pump.hpp"

#include <sys/epoll.h>

#include "base/error.hpp"
#include "base/log.hpp"

namespace sdme::bus {

namespace {

void check(int result) {
  if (result < 0) throw Error::from_errno(-result, "watching a bus connection");
}

Pump& self_of(void* data) { return *static_cast<Pump*>(data); }

}  // namespace

Pump::Pump(sd_event* loop, sdbus::IConnection& connection, std::function<void()> closed)
    : connection_(connection), closed_(std::move(closed)) {
  const auto poll = connection_.getEventLoopPollData();
  const auto on_io = [](sd_event_source*, int, std::uint32_t, void* data) {
    self_of(data).drain();
    return 0;
  };
  const auto on_time = [](sd_event_source*, std::uint64_t, void* data) {
    self_of(data).drain();
    return 0;
  };
  const auto on_prepare = [](sd_event_source*, void* data) { return self_of(data).prepare(); };
  const auto on_closing = [](sd_event_source*, void* data) {
    auto closed_now = std::move(self_of(data).closed_);  // it may destroy the pump
    closed_now();
    return 0;
  };
  check(sd_event_add_io(loop, &io_, poll.fd, 0, on_io, this));
  check(sd_event_source_set_prepare(io_, on_prepare));
  if (poll.eventFd >= 0) check(sd_event_add_io(loop, &wakeup_, poll.eventFd, EPOLLIN, on_io, this));
  check(sd_event_add_time(loop, &timer_, CLOCK_MONOTONIC, 0, 0, on_time, this));
  check(sd_event_source_set_enabled(timer_, SD_EVENT_OFF));
  check(sd_event_add_defer(loop, &closing_, on_closing, this));
  check(sd_event_source_set_enabled(closing_, SD_EVENT_OFF));
}

Pump::~Pump() {
  for (auto* source : {io_, wakeup_, timer_, closing_}) sd_event_source_disable_unref(source);
}

int Pump::prepare() {
  const auto poll = connection_.getEventLoopPollData();
  sd_event_source_set_io_events(io_, static_cast<std::uint32_t>(poll.events));
  if (poll.timeout == std::chrono::microseconds::max()) return sd_event_source_set_enabled(timer_, SD_EVENT_OFF);
  sd_event_source_set_time(timer_, static_cast<std::uint64_t>(poll.timeout.count()));
  return sd_event_source_set_enabled(timer_, SD_EVENT_ONESHOT);
}

void Pump::drain(int most) {
  try {
    for (int count = 0; count < most && connection_.processPendingEvent(); ++count) {
    }
  } catch (const std::exception& error) {
    log::debug(std::string("a bus connection ended: ") + error.what());
    close_later();
  }
}

void Pump::close_later() {
  for (auto* source : {io_, wakeup_, timer_}) {
    if (source != nullptr) sd_event_source_set_enabled(source, SD_EVENT_OFF);
  }
  sd_event_source_set_prepare(io_, nullptr);
  sd_event_source_set_enabled(closing_, SD_EVENT_ONESHOT);
}

}  // namespace sdme::bus
