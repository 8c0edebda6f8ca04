// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <map>
#include <memory>

#include "bus/context.hpp"
#include "os/unique_fd.hpp"

namespace sdme::bus {

class Peer;

// The Manager peer to peer, on the socket that systemd listens on for us. A peer is who the kernel
// says it was when it connected (SO_PEERCRED, SO_PEERPIDFD).
class Peers {
 public:
  Peers(sd_event* loop, Context& context, os::UniqueFd listening);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  bool empty() const { return peers_.empty(); }

 private:
  void accept_one();
  bool too_many(std::uint32_t uid) const;

  sd_event* loop_;
  Context& context_;
  os::UniqueFd listening_;
  sd_event_source* source_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Peer>> peers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace sdme::bus
