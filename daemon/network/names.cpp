// SPDX-License-Identifier: MIT
#include "network/names.hpp"

#include <algorithm>
#include <iterator>

namespace sdme::network {

namespace {

constexpr std::string_view kLinks = "links";
constexpr std::string_view kZone = "zone-";
constexpr std::size_t kDigits = 12;  // of a random uuid: enough for all containers of a host

// Records of version 1 have dashes in it.
std::string beginning(std::string_view uuid) {
  std::string digits;
  std::ranges::copy_if(uuid, std::back_inserter(digits), [](char c) { return c != '-'; });
  return digits.substr(0, kDigits);
}

}  // namespace

std::string instance_of(const model::Network& network) {
  return network.mode == model::Network::Mode::kZone ? std::string(kZone) + network.name : std::string(kLinks);
}

std::string unit_of(std::string_view instance) { return "sdme-network@" + std::string(instance) + ".service"; }

std::string bridge_of(std::string_view instance) {
  if (instance == kLinks) return "sdme-links";
  return "sdz-" + std::string(instance.substr(kZone.size()));
}

bool is_bridge_of_ours(std::string_view interface) {
  return interface == bridge_of(kLinks) || interface.starts_with(bridge_of(kZone));
}

std::string table_of(std::string_view instance) { return "sdme-" + std::string(instance); }

bool is_table_of_ours(std::string_view table) {
  return table == table_of(kLinks) || table.starts_with(table_of(kZone));
}

std::string outer_end(std::string_view uuid) { return "sd-" + beginning(uuid); }

std::string inner_end(std::string_view uuid) { return "sp-" + beginning(uuid); }

std::string mac_of(std::string_view uuid) {
  std::string mac = "0a";  // unicast, locally administered: IEEE 802, bits 0 and 1 of the first byte
  const auto digits = beginning(uuid);
  for (std::size_t i = 0; i < 5; ++i) mac += ":" + digits.substr(2 * i, 2);
  return mac;
}

std::string domain_of(std::string_view instance) {
  return instance == kLinks ? "" : std::string(instance.substr(kZone.size())) + ".internal";
}

}  // namespace sdme::network
