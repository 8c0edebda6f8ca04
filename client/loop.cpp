// SPDX-License-Identifier: MIT
#include "loop.hpp"

#include <poll.h>
#include <sdbus-c++/Error.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "failure.hpp"

namespace sdme::client {

namespace {

void throw_interrupted(int signal) {
  if (signal != SIGWINCH) throw Interrupted{signal};
}

}  // namespace

Loop::Watch::Watch(Loop& loop, int fd, std::function<void(short)> call) : loop_(loop), fd_(fd), call_(std::move(call)) {
  loop_.watches_.push_back(this);
}

Loop::Watch::~Watch() { std::erase(loop_.watches_, this); }

void Loop::Watch::want(short events) {
  events_ = events;
  resting_ = false;
}

void Loop::Watch::rest() { resting_ = true; }

Loop::Tick::Tick(Loop& loop, std::chrono::milliseconds every, std::function<void()> call)
    : loop_(loop), every_(every), next_(Clock::now() + every), call_(std::move(call)) {
  loop_.ticks_.push_back(this);
}

Loop::Tick::~Tick() { std::erase(loop_.ticks_, this); }

Loop::Loop() : on_signal_(throw_interrupted) {}

// Only now, and not at the beginning: until somebody waits here, a signal does what it always does, and
// opening a FIFO can be interrupted. Signals that the caller had us ignore (nohup, `&` in a script) stay ignored.
void Loop::take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) {
    struct sigaction action{};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) throw failure_of_errno("listening for signals");
}

void Loop::run_until(const std::function<bool()>& done) {
  if (!signals_) take_signals();
  for (;;) {
    dispatch_bus();
    if (done()) return;
    wait();
  }
}

void Loop::dispatch_bus() {
  try {
    while (bus_ && bus_->processPendingEvent()) {
    }
  } catch (const sdbus::Error& error) {
    bus_ = nullptr;
    Failure failure = failure_of(error);
    failure.exit_status = exit_code::kUnreachable;
    failure.message = "the connection to sdmed broke: " + error.getMessage();
    throw failure;
  }
}

int Loop::poll_timeout() const {
  if (ticks_.empty()) return -1;
  const auto first = std::ranges::min_element(ticks_, {}, &Tick::next_);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>((*first)->next_ - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, INT_MAX));
}

void Loop::wait() {
  std::vector<pollfd> fds = {{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
  const auto watches = watches_;
  for (const auto* watch : watches) {
    fds.push_back({.fd = watch->resting_ ? -1 : watch->fd_, .events = watch->events_, .revents = 0});
  }
  int timeout = poll_timeout();
  if (bus_) {
    const auto data = bus_->getEventLoopPollData();
    fds.push_back({.fd = data.fd, .events = data.events, .revents = 0});
    fds.push_back({.fd = data.eventFd, .events = POLLIN, .revents = 0});
    const int bus_timeout = data.getPollTimeout();
    if (bus_timeout >= 0) timeout = timeout < 0 ? bus_timeout : std::min(timeout, bus_timeout);
  }
  if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) throw failure_of_errno("waiting");

  if (fds[0].revents) dispatch_signals();
  for (std::size_t i = 0; i < watches.size(); ++i) {
    // An earlier callback may have removed or changed it.
    const bool there = std::ranges::find(watches_, watches[i]) != watches_.end();
    if (!fds[i + 1].revents || !there || watches[i]->resting_) continue;
    const auto call = watches[i]->call_;
    call(fds[i + 1].revents);
  }
  dispatch_ticks();
}

void Loop::dispatch_ticks() {
  const auto now = Clock::now();
  for (auto* tick : std::vector(ticks_)) {
    if (std::ranges::find(ticks_, tick) == ticks_.end() || tick->next_ > now) continue;
    tick->next_ = now + tick->every_;
    const auto call = tick->call_;
    call();
  }
}

void Loop::dispatch_signals() {
  signalfd_siginfo got{};
  while (::read(signals_.get(), &got, sizeof(got)) == sizeof(got)) {
    const auto call = on_signal_;
    call(static_cast<int>(got.ssi_signo));
  }
}

}  // namespace sdme::client
