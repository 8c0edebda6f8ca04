// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

#include "proxy/address.hpp"
#include "proxy/half.hpp"
#include "proxy/loop.hpp"

namespace sdme::proxy {

// Lets the peer see a reset rather than an end.
void reset_on_close(int socket);

// A client's connection and ours to the guest. `ended` is called once, with both sockets closed; the
// pair itself must be there until the loop's turn is over.
class Pair {
 public:
  using Ended = std::function<void(Pair&)>;

  // `guest` is a new socket, which is connected.
  Pair(Loop& loop, PipePool& pool, os::UniqueFd client, os::UniqueFd guest, Ended ended);
  void connect(const Address& guest);

 private:
  enum class State { kConnecting, kOpen, kOver };
  enum class End { kFinished, kReset };

  void heard(Watch& side, std::uint32_t events);
  void connected();
  void moved(Watch& side, std::uint32_t events);
  void broken();
  void listen();
  void end(End how);

  Half& out_of(const Watch& side) { return &side == &client_ ? up_ : down_; }
  Half& into(const Watch& side) { return &side == &client_ ? down_ : up_; }
  bool move(Half& half);

  Ended ended_;
  Watch client_;
  Watch guest_;
  Half up_;    // to the guest
  Half down_;  // to the client
  State state_ = State::kConnecting;
};

}  // namespace sdme::proxy
