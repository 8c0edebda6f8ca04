// SPDX-License-Identifier: MIT
#include "commands/remove.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <map>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

namespace {

// Whoever requires others goes before them.
void order(std::vector<Target>& targets, const std::vector<Dict>& containers) {
  std::map<std::string, std::vector<std::string>> required;
  for (const auto& container : containers)
    required[value_of<std::string>(container, "name")] = value_of<std::vector<std::string>>(container, "requires");
  std::map<std::string, std::size_t> depths;
  const std::function<std::size_t(const std::string&)> depth = [&](const std::string& name) {
    if (const auto known = depths.find(name); known != depths.end()) return known->second;
    std::size_t deepest = 0;
    depths[name] = 0;
    for (const auto& other : required[name]) deepest = std::max(deepest, depth(other) + 1);
    return depths[name] = deepest;
  };
  std::ranges::stable_sort(targets, std::greater{},
                           [&](const Target& target) { return target.name ? depth(*target.name) : 0; });
}

}  // namespace

void Remove::define(CLI::App& app) {
  names.define(app, "containers");
  app.add_flag("-f,--force", force, "do not ask before --all");
}

int Remove::run(Client& client) const {
  auto targets = choose_containers(client, names, [&](const Dict& container) {
    const bool kept = value_of<bool>(container, "protected");
    if (kept && names.all)
      client.out.say(fmt::format("sdmectl: {} is protected, and kept", value_of<std::string>(container, "name")));
    return !kept;
  });
  order(targets, list_containers(client));
  if (targets.empty()) client.out.say("no containers to remove");
  const auto forced = force ? Force::kYes : Force::kNo;
  if (names.all && !confirm_all(client, targets, "containers", forced)) return exit_code::kFailed;
  return run_batch(client, "remove", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.RemoveContainer(name, foreground_options());
  });
}

}  // namespace sdme::client
