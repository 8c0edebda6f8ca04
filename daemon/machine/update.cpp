// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "machine/binds.hpp"
#include "machine/drop_in.hpp"
#include "machine/live_binds.hpp"
#include "machine/resources.hpp"
#include "machine/verbs.hpp"
#include "network/ports.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"
#include "systemd/pid1.hpp"

namespace sdme::machine {

namespace {

// Keys of a definition whose change a running container takes at once, or that matter only later.
bool is_live(const std::string& key) {
  return key == "limits" || key == "ports" || key == "binds" || key == "restart" || key == "requirements" ||
         key == "protected" || key == "ephemeral";
}

// As the bus names it.
std::string word_of(std::string key) {
  std::ranges::replace(key, '_', '-');
  return key == "requirements" ? "requires" : key;
}

std::vector<std::string> pending(const json::Value& before, const json::Value& after) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : after.items()) {
    if (!is_live(key) && before.value(key, json::Value()) != value) keys.push_back(word_of(key));
  }
  return keys;
}

// On another network than the one it runs on, ports count from the next start as the network does.
void change_ports(systemd::Pid1& pid1, const std::string& name, const model::Definition& before,
                  const model::Definition& after) {
  if (before.network != after.network || !after.network.is_ours()) return;
  network::republish(pid1, network::inside_of_container(name, after.network.address), before.ports, after.ports);
}

void check_limits(systemd::Pid1& pid1, const std::string& name, const model::Limits& before, const model::Limits& after,
                  bool up) {
  if (up && after != before) check_use(pid1, layout::container_unit(name), after);
  if (after.disk && after.disk != before.disk) check_disk(name, *after.disk);
}

}  // namespace

// What cannot be done is found before anything is changed, so that a refusal leaves the container as it was.
json::Value run_update(job::Worker& worker) {
  os::heed_stop_requests();
  worker.progress("change", -1);
  const auto& request = worker.request();
  const auto name = json::get<std::string>(request, "name");
  const auto before = model::Definition::from_json(request.at("before"));
  auto after = model::Definition::from_json(request.at("definition"));
  const auto unit = layout::container_unit(name);
  auto pid1 = systemd::Pid1::of_host();
  after.binds = authorised(after.binds, before.binds, json::get<std::uint32_t>(request, "caller"));
  const bool up = !pid1.service(unit).ended();
  check_limits(pid1, name, before.limits, after.limits, up);
  std::vector<std::string> waiting;
  std::optional<Leader> leader;
  std::optional<LiveBinds> binds;
  if (up && after.binds != before.binds) {
    leader = leader_of(pid1, name);
    if (!binds.emplace(*leader).change(before.binds, after.binds)) waiting.emplace_back("binds");
  }
  if (up) {
    change_ports(pid1, name, before, after);
    if (after.limits != before.limits) pid1.set_properties(unit, resource_properties(after.limits));
  }
  if (after.limits.disk != before.limits.disk) limit_disk(name, after.limits.disk);
  settle_drop_in(pid1, name, after);
  if (up) std::ranges::move(pending(before.to_json(), after.to_json()), std::back_inserter(waiting));
  if (binds) binds->keep();
  return {{"pending", waiting}, {"binds", to_json(after.binds)}};
}

}  // namespace sdme::machine
