// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// A network of ours on the host, the work of sdme-network@INSTANCE.service: a bridge with the host's
// address, the way out, and what dnsmasq(8) is to serve on it.
namespace sdme::network {

struct Subnet {
  std::uint32_t gateway = 0;  // the host's address there
  std::uint8_t prefix = 0;

  std::string str() const;  // "10.77.16.1/24"
  static Subnet parse(std::string_view text);
};

// The rules of nftables for a network, as nft(8) reads them. What comes from it may go anywhere but to
// another network of ours; nobody outside begins anything in it, but by published ports.
std::string nft_rules(std::string_view instance, const Subnet& subnet);

// What dnsmasq(8) reads. Addresses are given to those alone whom members.hpp named, and a name to nobody else.
std::string dnsmasq_conf(std::string_view instance, const Subnet& subnet);

// What guests read as resolv.conf(5).
std::string resolv_conf(std::string_view instance, const Subnet& subnet);

// Makes what is not there yet. The subnet is what members.hpp wrote down. InUse, naming it, where the
// host has the addresses on another interface.
void bring_up(const std::string& instance);
// Puts the rules of a network that is up back where somebody took its table away; whether that was so.
bool restore_rules(const std::string& instance);
// Takes it away again unless somebody is connected.
void take_down(const std::string& instance);

bool has_ports(const std::string& instance);

}  // namespace sdme::network
