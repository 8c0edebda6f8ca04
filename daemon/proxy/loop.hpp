// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::proxy {

class Timer;

// What the one thread waits for: descriptors (Watch) and time (Timer). All of them are gone before it is.
class Loop {
 public:
  using Clock = std::chrono::steady_clock;

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();  // until stop()
  void stop() { stopped_ = true; }
  Clock::time_point now() const { return now_; }  // when this turn began

  // Destroys it after the turn, in which events of it may still come.
  void bury(std::shared_ptr<void> dead) { dead_.push_back(std::move(dead)); }

 private:
  friend class Watch;
  friend class Timer;

  int milliseconds_to_wait() const;
  void turn();

  os::UniqueFd epoll_;
  Clock::time_point now_ = Clock::now();
  std::vector<Timer*> timers_;
  std::vector<std::shared_ptr<void>> dead_;
  bool stopped_ = false;
};

// A descriptor of the loop, and its owner.
class Watch {
 public:
  using Ready = std::function<void(std::uint32_t events)>;

  Watch(Loop& loop, os::UniqueFd fd, Ready ready) : loop_(loop), fd_(std::move(fd)), ready_(std::move(ready)) {}
  ~Watch() { close(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  int fd() const { return fd_.get(); }

  // For which events of epoll(7) `ready` is called, as long as they last. Of none, it still hears of an
  // error or a hang-up, once. Before the first call it hears nothing.
  void listen(std::uint32_t events);
  void close();

 private:
  friend class Loop;

  static constexpr std::uint32_t kNever = 0;

  Loop& loop_;
  os::UniqueFd fd_;
  Ready ready_;
  std::uint32_t listened_ = kNever;
};

// Calls `due` when the time has passed for which it was armed last.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(Loop::Clock::duration time) { at_ = Loop::Clock::now() + time; }
  void disarm() { at_ = kOff; }

 private:
  friend class Loop;

  static constexpr auto kOff = Loop::Clock::time_point::max();

  Loop& loop_;
  std::function<void()> due_;
  Loop::Clock::time_point at_ = kOff;
};

}  // namespace sdme::proxy
