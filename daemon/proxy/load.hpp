// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "proxy/loop.hpp"

namespace sdme::proxy {

// How much is open. When there was nothing for the time, the loop stops: the sockets stay with systemd,
// which starts the program again for the next client.
class Load {
 public:
  Load(Loop& loop, Loop::Clock::duration idle) : idle_(idle), timer_(loop, [&loop] { loop.stop(); }) {
    timer_.arm(idle_);
  }

  void add() {
    if (count_++ == 0) timer_.disarm();
  }
  void remove() {
    if (--count_ == 0) timer_.arm(idle_);
  }

 private:
  std::size_t count_ = 0;
  Loop::Clock::duration idle_;
  Timer timer_;
};

}  // namespace sdme::proxy
