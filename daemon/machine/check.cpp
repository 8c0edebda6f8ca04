// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "machine/verbs.hpp"
#include "network/firewall.hpp"
#include "network/members.hpp"
#include "network/names.hpp"
#include "network/tool.hpp"

namespace sdme::machine {

namespace {

// Without nft(8) there is nothing to see, which its absence tells.
json::Value list_ruleset() {
  try {
    return json::parse(network::run_tool("nft", {"--json", "--terse", "list", "ruleset"}), "the list of nft");
  } catch (const Error& error) {
    if (error.code() != Errc::kNotSupported) throw;
    return json::Value::object();
  }
}

// On a host where no network is up, of those that the next container may want.
std::vector<std::string> bridges_of(std::vector<std::string> instances) {
  if (instances.empty()) instances.emplace_back(network::instance_of({.mode = model::Network::Mode::kVeth}));
  std::vector<std::string> bridges;
  for (const auto& instance : instances) bridges.push_back(network::bridge_of(instance));
  return bridges;
}

}  // namespace

// What the host's firewall does to containers, which root alone may look at.
json::Value run_check(job::Worker& worker) {
  worker.progress("check", -1);
  const auto ruleset = list_ruleset();
  const auto up = network::networks_up();
  const auto bridges = bridges_of(up);
  return {{"forward_drops", network::dropping_chains(ruleset, "forward", bridges)},
          {"input_drops", network::dropping_chains(ruleset, "input", bridges)},
          {"lost_rules", ruleset.empty() ? std::vector<std::string>{} : network::lost_rules(ruleset, up)}};
}

}  // namespace sdme::machine
