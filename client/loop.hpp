// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/IConnection.h>

#include <chrono>
#include <functional>
#include <vector>

#include "fd.hpp"

namespace sdme::client {

// Waits for the bus, for descriptors, for time and for signals, all in one thread. poll(2), not sd-event: the
// user's own standard input may be a file, and exceptions may leave callbacks.
class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  using OnSignal = std::function<void(int signal)>;

  // Calls back while `fd` is ready for the wanted events, or in trouble. The fd must outlive it.
  class Watch {
   public:
    Watch(Loop& loop, int fd, std::function<void(short revents)> call);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void want(short events);  // 0 is only trouble
    void rest();              // nothing at all: the state a watch begins in

   private:
    friend Loop;
    Loop& loop_;
    int fd_;
    short events_ = 0;
    bool resting_ = true;
    std::function<void(short)> call_;
  };

  // Calls back again and again.
  class Tick {
   public:
    Tick(Loop& loop, std::chrono::milliseconds every, std::function<void()> call);
    ~Tick();
    Tick(const Tick&) = delete;
    Tick& operator=(const Tick&) = delete;

   private:
    friend Loop;
    Loop& loop_;
    std::chrono::milliseconds every_;
    Clock::time_point next_;
    std::function<void()> call_;
  };

  // Until it goes, signals are answered by this and not by what was there before. At first, those that
  // mean an end throw Interrupted.
  class SignalScope {
   public:
    SignalScope(Loop& loop, OnSignal call) : loop_(loop), before_(std::exchange(loop.on_signal_, std::move(call))) {}
    ~SignalScope() { loop_.on_signal_ = std::move(before_); }
    SignalScope(const SignalScope&) = delete;
    SignalScope& operator=(const SignalScope&) = delete;

   private:
    Loop& loop_;
    OnSignal before_;
  };

  Loop();

  void set_bus(sdbus::IConnection* bus) { bus_ = bus; }

  // Returns once `done()`, which is asked after every event.
  void run_until(const std::function<bool()>& done);

 private:
  void take_signals();
  void dispatch_bus();
  void wait();
  void dispatch_ticks();
  void dispatch_signals();
  int poll_timeout() const;

  sdbus::IConnection* bus_ = nullptr;
  Fd signals_;
  OnSignal on_signal_;
  std::vector<Watch*> watches_;
  std::vector<Tick*> ticks_;
};

}  // namespace sdme::client
