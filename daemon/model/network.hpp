// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sdme::model {

// How a container is connected.
struct Network {
  enum class Mode {
    kHost,     // the host's own interfaces and ports
    kPrivate,  // a loopback and nothing else
    kVeth,     // a link to the host alone, which gives it an address and a way out
    kZone,     // the same, shared with the other containers of the zone
    kBridge,   // a port of a bridge that the administrator made
    kMacvlan,  // an address of its own on the network of one of the host's interfaces
    kPod,      // the network of a pod, shared with its other members
  };

  Mode mode = Mode::kHost;
  std::string name;          // of the zone, bridge, interface or pod
  std::uint32_t address = 0;  // IPv4 in host order, of a link or zone, 0 before one is chosen
  std::uint8_t prefix = 0;    // bits of that network; its first address is the host's

  // "host", "private", "veth", "zone:NAME", "bridge:NAME", "macvlan:INTERFACE" or "pod:NAME"; else
  // InvalidArgument. Names that name an interface fit into one: at most 15 bytes, netdevice(7).
  static Network parse(std::string_view text);
  std::string str() const;

  bool is_hosts() const { return mode == Mode::kHost; }
  bool is_ours() const { return mode == Mode::kVeth || mode == Mode::kZone; }  // we give it its address
  std::uint32_t gateway() const;  // the host's address there

  json::Value to_json() const;
  static Network from_json(const json::Value& value);

  bool operator==(const Network&) const = default;
};

// Longest name of a zone, so that its bridge and all else that is named after it fits an interface.
inline constexpr std::size_t kLongestZone = 11;

std::string to_text(std::uint32_t address);  // dotted

}  // namespace sdme::model
