// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/network.hpp"

namespace sdme::model {

// The addresses that we give: one IPv4 network of 16 bits. Its first sixteenth is for links to the
// host alone, which see nobody else there; each zone has a 256th of it.
struct AddressPool {
  std::uint32_t base = 0;  // the network's address

  // "10.77.0.0/16"; InvalidArgument unless private use, RFC 1918.
  static AddressPool parse(std::string_view text);
  // Another one on each host, so that a host in a container of ours, or one at the other end of a VPN,
  // seldom has the same. `machine_id` is that of machine-id(5).
  static AddressPool of_host(std::string_view machine_id);
};

// `network` with an address that none of `taken` has; those of other kinds there are skipped. The zone's
// own network is that of its other members. LimitExceeded: all are taken.
Network with_address(Network network, const std::vector<Network>& taken, const AddressPool& pool);

}  // namespace sdme::model
