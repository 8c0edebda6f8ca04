// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include "loop.hpp"

namespace sdme::client {

// Of what has no end of its own: notices when whoever reads standard output has gone, also while nothing is written.
class Reader {
 public:
  explicit Reader(Loop& loop)
      : watch_(loop, STDOUT_FILENO, [this](short) {
          gone_ = true;
          watch_.rest();
        }) {
    watch_.want(0);
  }

  bool gone() const { return gone_; }

 private:
  bool gone_ = false;
  Loop::Watch watch_;
};

}  // namespace sdme::client
