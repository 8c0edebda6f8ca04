// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "proxy/pipe_pool.hpp"

namespace sdme::proxy {

// One direction of a connection. It reads again only when all it had read is written: what a slow reader
// costs is a pipe, and the sender is held up by TCP itself.
class Half {
 public:
  explicit Half(PipePool& pool) : pool_(pool) {}

  // Moves what can be moved now, but not for long: others wait. The sender's FIN is passed on. False when
  // one of the sockets is broken.
  [[nodiscard]] bool move(int from, int to);

  // The same when a socket is broken, for what was received before. The end is not passed on: it is none.
  void salvage(int from, int to);

  bool ended() const { return ended_; }                     // the FIN was passed on
  bool wants_read() const { return !ended_ && !pipe_; }
  bool wants_write() const { return pipe_.has_value(); }
  void drop();  // what it holds

 private:
  enum class Step { kSome, kMuch, kNothing, kEnd, kBroken };

  Step fill(int from);
  Step flush(int to);
  bool pass_end(int to);

  PipePool& pool_;
  std::optional<Pipe> pipe_;  // only while there is something in it
  bool ended_ = false;
};

}  // namespace sdme::proxy
