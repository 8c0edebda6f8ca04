// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

// What the host's firewall does to networks of ours, read from what nft(8) lists as JSON, libnftables-json(5).
namespace sdme::network {

// "FAMILY TABLE CHAIN" of the base chains of `hook` ("forward", "input") that drop by policy or last rule what comes from
// one of these bridges: no rule on the way names it. Those of our own tables and of IPv6 alone are left out.
std::vector<std::string> dropping_chains(const json::Value& ruleset, std::string_view hook,
                                         const std::vector<std::string>& bridges);

// The networks among `instances` whose table is not there.
std::vector<std::string> lost_rules(const json::Value& ruleset, const std::vector<std::string>& instances);

// Puts the rules of a network back whenever somebody takes its table away, as "flush ruleset" does. Returns when the
// network is down.
void watch_rules(const std::string& instance);

}  // namespace sdme::network
