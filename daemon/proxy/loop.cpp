// SPDX-License-Identifier: MIT
#include "proxy/loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace sdme::proxy {

namespace {

constexpr std::size_t kMostEvents = 128;  // in one turn
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(1);

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw_errno("making an event loop");
}

void Loop::run() {
  while (!stopped_) turn();
}

int Loop::milliseconds_to_wait() const {
  auto first = Timer::kOff;
  for (const auto* timer : timers_) first = std::min(first, timer->at_);
  if (first == Timer::kOff) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
  return static_cast<int>(std::clamp(wait, std::chrono::milliseconds(0), kLongestWait).count());
}

// Time comes after descriptors: who is about to end for idleness sees a new client first.
void Loop::turn() {
  std::array<epoll_event, kMostEvents> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kMostEvents, milliseconds_to_wait());
  if (count < 0 && errno != EINTR) throw_errno("waiting for clients");
  now_ = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    static_cast<Watch*>(event.data.ptr)->ready_(event.events);
  }
  for (auto* timer : timers_) {
    if (timer->at_ > now_) continue;
    timer->disarm();
    timer->due_();
  }
  dead_.clear();
}

void Watch::listen(std::uint32_t events) {
  // A hang-up cannot be declined, and would wake the loop again and again.
  if (events == 0) events = EPOLLET;
  if (events == listened_) return;
  epoll_event event = {};
  event.events = events;
  event.data.ptr = this;
  const int change = listened_ == kNever ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(loop_.epoll_.get(), change, fd_.get(), &event) < 0) throw_errno("watching a socket");
  listened_ = events;
}

// Closing alone would not do for a socket that systemd has as well.
void Watch::close() {
  if (listened_ != kNever) epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_DEL, fd_.get(), nullptr);
  listened_ = kNever;
  fd_.reset();
}

Timer::Timer(Loop& loop, std::function<void()> due) : loop_(loop), due_(std::move(due)) {
  loop_.timers_.push_back(this);
}

Timer::~Timer() { std::erase(loop_.timers_, this); }

}  // namespace sdme::proxy
