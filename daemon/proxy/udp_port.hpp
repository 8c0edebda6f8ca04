// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/address.hpp"
#include "proxy/datagrams.hpp"
#include "proxy/load.hpp"

namespace sdme::proxy {

// Sockets of UDP. Each client has a flow: a socket of its own to the guest, whose replies go back from the
// address that the client had sent to. A flow ends when it was idle, when the guest refuses, or when there
// are too many and it was used longest ago.
class UdpPort {
 public:
  UdpPort(Loop& loop, Load& load, const Address& guest, std::size_t most, Loop::Clock::duration flow_idle);

  void add(os::UniqueFd socket, int family);

 private:
  struct Flow;
  using Flows = std::list<std::shared_ptr<Flow>>;
  using Key = std::pair<const Watch*, Origin>;

  void take(Watch& socket);
  Flow* flow_of(const Key& key);
  Flow* open(const Key& key);
  void reply(Flow& flow);
  void touch(Flow& flow);
  void end(Flow& flow);
  void end_idle();

  Loop& loop_;
  Load& load_;
  const Address& guest_;
  std::size_t most_;
  Loop::Clock::duration flow_idle_;
  Timer timer_;
  Datagrams datagrams_;
  std::vector<std::unique_ptr<Watch>> sockets_;
  Flows flows_;  // used longest ago first
  std::map<Key, Flow*> by_client_;
};

}  // namespace sdme::proxy
