// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/load.hpp"
#include "proxy/pair.hpp"

namespace sdme::proxy {

// Listening sockets of TCP: each connection is made to the guest again. Beyond the limit, and while the
// system has no descriptors, connections wait in the sockets' queues.
class TcpPort {
 public:
  TcpPort(Loop& loop, Load& load, const Address& guest, std::size_t most)
      : loop_(loop), load_(load), guest_(guest), most_(most), retry_(loop, [this] { resume(); }) {}

  void add(os::UniqueFd listening);

 private:
  enum class Accepted { kOne, kNone, kNotNow };

  void accept_some(int listening);
  Accepted accept_one(int listening);
  void open(os::UniqueFd client, os::UniqueFd guest);
  void ended(Pair& pair);
  void pause();
  void resume();

  Loop& loop_;
  Load& load_;
  const Address& guest_;
  std::size_t most_;
  Timer retry_;
  PipePool pool_;
  std::vector<std::unique_ptr<Watch>> listening_;
  std::unordered_map<const Pair*, std::shared_ptr<Pair>> pairs_;
  bool paused_ = false;
};

}  // namespace sdme::proxy
