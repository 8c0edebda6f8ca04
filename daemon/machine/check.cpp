// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/text.hpp"
#include "machine/verbs.hpp"
#include "network/tool.hpp"

namespace sdme::machine {

// Chains of the host's firewall that drop what is forwarded unless one of their rules says otherwise: what containers send
// out passes them. Root alone may look.
json::Value run_check(job::Worker& worker) {
  worker.progress("check", -1);
  auto drops = json::Value::array();
  try {
    const auto listed = json::parse(network::run_tool("nft", {"-j", "list", "chains"}), "the list of nft");
    for (const auto& entry : listed.value("nftables", json::Value::array())) {
      const auto chain = entry.value("chain", json::Value::object());
      if (chain.value("hook", "") != "forward" || chain.value("policy", "") != "drop") continue;
      drops.push_back(chain.value("family", "") + " " + chain.value("table", "") + " " + chain.value("name", ""));
    }
  } catch (const Error& error) {
    if (error.code() != Errc::kNotSupported) throw;  // without nft(8) there is nothing to see, which its absence tells
  }
  return {{"forward_drops", std::move(drops)}};
}

}  // namespace sdme::machine
