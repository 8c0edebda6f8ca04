// SPDX-License-Identifier: MIT
#include "commands/volume.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "inspection.hpp"
#include "job_waiter.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

std::vector<Target> targets_of(const std::vector<std::string>& names) {
  std::vector<Target> targets;
  for (const auto& name : names) targets.push_back({.typed = name, .name = name});
  return targets;
}

Dict find_volume(Client& client, const std::string& name) {
  const auto found = client.bus.await(client.bus.open().ListVolumes({{"name", sdbus::Variant(name)}}));
  if (found.empty()) throw Failure(exit_code::kNotFound, fmt::format("there is no volume '{}'", printable(name)));
  return found.front();
}

}  // namespace

void VolumeCreate::define(CLI::App& app) { app.add_option("NAME", names, "names of the new volumes")->required(); }

int VolumeCreate::run(Client& client) const {
  return run_batch(client, "create", targets_of(names), [](Manager& manager, const std::string& name) {
    return manager.CreateVolume(name, foreground_options());
  });
}

void VolumeList::define(CLI::App&) {}

int VolumeList::run(Client& client) const {
  const auto list = client.bus.await(client.bus.open().ListVolumes({}));
  if (client.out.wants_json()) {
    client.out.results(list);
    return exit_code::kDone;
  }
  if (list.empty()) {
    client.out.say("no volumes found");
    return exit_code::kDone;
  }
  Table table({"NAME", "CONTAINERS", "CREATED", "OWNER"});
  for (const auto& volume : list) {
    table.add({value_of<std::string>(volume, "name"),
               join(value_of<std::vector<std::string>>(volume, "containers"), " "),
               local_time(value_of<std::uint64_t>(volume, "created-usec")),
               user_name(value_of<std::uint32_t>(volume, "owner"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

void VolumeShow::define(CLI::App& app) { app.add_option("NAME", names, "names of volumes")->required(); }

int VolumeShow::run(Client& client) const {
  return show_each(client, names.size(), [&](std::size_t i) { return find_volume(client, names[i]); });
}

void VolumeRemove::define(CLI::App& app) {
  names.define(app, "volumes");
  app.add_flag("-f,--force", force, "do not ask before --all");
}

int VolumeRemove::run(Client& client) const {
  names.check();
  auto chosen = names.names;
  if (names.all) chosen = names_in(client.bus.await(client.bus.open().ListVolumes({})));
  auto targets = targets_of(chosen);
  if (targets.empty()) client.out.say("no volumes to remove");
  const auto forced = force ? Force::kYes : Force::kNo;
  if (names.all && !confirm_all(client, targets, "volumes", forced)) return exit_code::kFailed;
  return run_batch(client, "remove", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.RemoveVolume(name, foreground_options());
  });
}

}  // namespace sdme::client
