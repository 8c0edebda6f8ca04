// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "registry/exchange.hpp"
#include "registry/network.hpp"
#include "registry/task.hpp"

namespace sdme::registry {

// Where tasks wait: for answers of servers, for time to pass, for descriptors. One thread; everything
// that waits in it is gone before it is.
class Loop {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Loop(Network network);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  const Network& network() const { return network_; }

  // One request and its answer, whatever that is: no redirection is followed. What the sink throws is
  // thrown to who awaits it.
  Exchange exchange(const Request& request) { return {*this, request}; }
  void go_on(const Sink& sink);  // that had paused

  // Time passes. Of nothing, it lets others go on meanwhile.
  class Pause {
   public:
    Pause(Loop& loop, std::chrono::milliseconds time) : loop_(loop), time_(time) {}
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who);
    void await_resume() const noexcept {}

   private:
    friend class Loop;
    using Timers = std::multimap<Clock::time_point, Pause*>;

    Loop& loop_;
    std::chrono::milliseconds time_;
    std::coroutine_handle<> waiting_;
    Timers::iterator timer_;
    bool armed_ = false;
  };
  Pause pause(std::chrono::milliseconds time) { return {*this, time}; }

  // A descriptor that is looked at while the loop waits: `ready` is called when it can be read or written,
  // as `events` of poll(2) says, or has failed.
  class Watch {
   public:
    Watch(Loop& loop, int fd, short events, std::function<void()> ready);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void listen(short events) { events_ = events; }  // 0 for not now

   private:
    friend class Loop;

    Loop& loop_;
    int fd_;
    short events_;
    std::function<void()> ready_;
  };

  // Lets everything go on as far as it can, then waits until something happens.
  void turn();

  // Until it is done; others go on meanwhile. Not for use within a task.
  template <typename T>
  T run(Task<T> task) {
    task.start();
    while (!task.done()) turn();
    return task.take();
  }

 private:
  friend class Exchange;

  bool resume_ended();
  bool resume_timers();
  void wait(std::chrono::milliseconds longest);

  Network network_;
  std::unique_ptr<detail::Multi> multi_;
  Pause::Timers timers_;
  std::vector<Watch*> watches_;
};

}  // namespace sdme::registry
