// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <functional>

#include "loop.hpp"

namespace sdme::client {

// Carries bytes one way, as fast as the slower side allows. What is never touched is O_NONBLOCK of a descriptor
// that others share: so a shared one is written in pieces that poll(2) promises to take.
class Relay {
 public:
  enum class Sink { kShared, kOwn };  // kOwn: ours alone, and non-blocking

  Relay(Loop& loop, int from, int to, Sink sink);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Sees every byte on its way, for keys that mean something.
  void set_filter(std::function<void(const char* bytes, std::size_t count)> filter) { filter_ = std::move(filter); }
  // Takes what is already there, and nothing that comes later.
  void finish();

  bool done() const { return ended_ && held() == 0; }
  // The reader went away; what is left has no place to go.
  bool sink_gone() const { return sink_gone_; }
  // Why it could not be written to, 0 where nobody reads any more.
  int sink_error() const { return sink_error_; }

 private:
  std::size_t held() const { return end_ - begin_; }
  void on_source();
  void on_sink(short revents);
  void write_some();
  void arm();

  int from_;
  int to_;
  std::size_t piece_;
  Loop::Watch source_;
  Loop::Watch sink_;
  std::function<void(const char*, std::size_t)> filter_;
  std::array<char, 64 * 1024> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool finishing_ = false;
  bool ended_ = false;
  bool sink_gone_ = false;
  int sink_error_ = 0;
};

void set_nonblocking(int fd);

}  // namespace sdme::client
