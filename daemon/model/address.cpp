// SPDX-License-Identifier: MIT
#include "model/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/stable_hash.hpp"
#include "base/text.hpp"

namespace sdme::model {

namespace {

constexpr std::uint8_t kLinkPrefix = 20;
constexpr std::uint8_t kZonePrefix = 24;
constexpr std::uint32_t kFirstZone = 16;  // third byte; those below are the links'
constexpr std::uint32_t kLastZone = 255;
constexpr std::uint32_t kFirstHost = 2;  // .0 is the network, .1 is ours

std::uint32_t network_of(const Network& network) { return network.gateway() - 1; }

std::uint32_t choose_zone(const std::vector<Network>& taken, const AddressPool& pool) {
  std::set<std::uint32_t> used;
  for (const auto& other : taken) used.insert(network_of(other));
  for (auto third = kFirstZone; third <= kLastZone; ++third) {
    const auto network = pool.base | third << 8U;
    if (!used.contains(network)) return network;
  }
  throw Error(Errc::kLimitExceeded, "there are no more than 240 zones, and all are in use");
}

std::uint32_t find_network(const Network& network, const std::vector<Network>& taken, const AddressPool& pool) {
  if (network.mode == Network::Mode::kVeth) return pool.base;
  const auto same = std::ranges::find_if(
      taken, [&](const Network& other) { return other.mode == network.mode && other.name == network.name; });
  return same == taken.end() ? choose_zone(taken, pool) : network_of(*same);
}

}  // namespace

AddressPool AddressPool::parse(std::string_view text) {
  const auto slash = text.find('/');
  in_addr address = {};
  const bool fits = slash != std::string_view::npos && text.substr(slash) == "/16" &&
                    inet_pton(AF_INET, std::string(text.substr(0, slash)).c_str(), &address) == 1;
  const auto base = ntohl(address.s_addr);
  const bool is_private = base >> 24U == 10 || base >> 16U == 0xC0A8 || (base >> 20U) == 0xAC1;
  if (!fits || !is_private || (base & 0xFFFFU) != 0) {
    throw Error(Errc::kInvalidArgument,
                text::quoted(text) + " is not a private network of 16 bits, such as 10.77.0.0/16");
  }
  return {.base = base};
}

AddressPool AddressPool::of_host(std::string_view machine_id) {
  const std::uint32_t second = 64 + stable_hash(machine_id) % 128;  // the low ones are what people choose by hand
  return {.base = 10U << 24U | second << 16U};
}

Network with_address(Network network, const std::vector<Network>& taken, const AddressPool& pool) {
  std::vector<Network> ours;
  std::ranges::copy_if(taken, std::back_inserter(ours), &Network::is_ours);
  network.prefix = network.mode == Network::Mode::kVeth ? kLinkPrefix : kZonePrefix;
  const auto base = find_network(network, ours, pool);
  std::set<std::uint32_t> used;
  for (const auto& other : ours) used.insert(other.address);
  const auto last = base + (1U << (32U - network.prefix)) - 2;  // the one after it is the broadcast
  for (auto address = base + kFirstHost; address <= last; ++address) {
    if (used.contains(address)) continue;
    network.address = address;
    return network;
  }
  throw Error(Errc::kLimitExceeded, "no address is free on the network '" + network.str() + "'");
}

}  // namespace sdme::model
