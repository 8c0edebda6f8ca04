// SPDX-License-Identifier: MIT
#include "commands/list.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "client.hpp"
#include "containers.hpp"
#include "guest_address.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

Colour colour_of_state(const std::string& state) {
  if (state == "running") return Colour::kGreen;
  if (state == "failed") return Colour::kRed;
  return state == "stopped" || state == "paused" ? Colour::kDim : Colour::kYellow;
}

Colour colour_of_health(const std::string& health) {
  if (health == "ok") return Colour::kNone;
  return health == "unknown" ? Colour::kDim : Colour::kRed;
}

std::string yes_or_no(const Dict& container, const std::string& key) {
  return value_of<bool>(container, key) ? "yes" : "no";
}

// Where others give the addresses, only the guest knows its own.
void add_address(Dict& container) {
  const auto network = value_of<std::string>(container, "network");
  const bool from_others = network.starts_with("bridge:") || network.starts_with("macvlan:");
  if (!from_others || value_of<std::string>(container, "state") != "running") return;
  container["address"] = sdbus::Variant(guest_address(value_of<std::string>(container, "name")));
}

}  // namespace

void List::define(CLI::App&) {}

int List::run(Client& client) const {
  auto list = list_containers(client);
  if (!client.bus.is_peer()) std::ranges::for_each(list, add_address);
  if (client.out.wants_json()) {
    client.out.results(list);
    return exit_code::kDone;
  }
  if (list.empty()) {
    client.out.say("no containers found");
    return exit_code::kDone;
  }
  Table table({"NAME", "STATUS", "HEALTH", "USERNS", "ENABLED", "NETWORK", "ADDRESS", "PORTS", "OS", "OWNER"});
  for (const auto& container : list) {
    const auto state = value_of<std::string>(container, "state");
    const auto health = value_of<std::string>(container, "health");
    table.add({value_of<std::string>(container, "name"),
               {state, colour_of_state(state)},
               {health, colour_of_health(health)},
               yes_or_no(container, "userns"),
               yes_or_no(container, "enabled"),
               value_of<std::string>(container, "network"),
               value_of<std::string>(container, "address"),
               join(value_of<std::vector<std::string>>(container, "ports"), " "),
               value_of<std::string>(container, "os"),
               user_name(value_of<std::uint32_t>(container, "owner"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

}  // namespace sdme::client
