// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sdme::model {

// A port of the host whose connections a container answers.
struct Port {
  enum class Protocol { kTcp, kUdp };

  std::string address;  // of the host, numeric as inet_ntop(3) writes it; "" for all, IPv4 and IPv6
  std::uint16_t host = 0;
  std::uint16_t container = 0;
  Protocol protocol = Protocol::kTcp;

  // [ADDRESS:][HOST:]CONTAINER[/tcp|/udp], where an IPv6 address stands in brackets and HOST is
  // CONTAINER when it is not given; InvalidArgument, saying what is wrong.
  static Port parse(std::string_view text);
  std::string str() const;  // the whole form, which parse() reads again

  std::string_view protocol_word() const { return protocol == Protocol::kTcp ? "tcp" : "udp"; }
  bool is_reserved() const { return host < 1024; }  // only root may listen there, ip(7)
  // Whether both cannot be listened to at once.
  bool collides(const Port& other) const;

  auto operator<=>(const Port&) const = default;
};

// InvalidArgument where two of them collide.
void check_collisions(const std::vector<Port>& ports);

}  // namespace sdme::model
