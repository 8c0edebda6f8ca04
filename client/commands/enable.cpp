// SPDX-License-Identifier: MIT
#include "commands/enable.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Enable::define(CLI::App& app) { app.add_option("NAME", names, "names of containers")->required(); }

int Enable::run(Client& client) const {
  return run_batch(
      client, "enable", choose_containers(client, {.names = names}, {}),
      [](Manager& manager, const std::string& name) { return manager.EnableContainer(name, foreground_options()); });
}

void Disable::define(CLI::App& app) { app.add_option("NAME", names, "names of containers")->required(); }

int Disable::run(Client& client) const {
  return run_batch(
      client, "disable", choose_containers(client, {.names = names}, {}),
      [](Manager& manager, const std::string& name) { return manager.DisableContainer(name, foreground_options()); });
}

}  // namespace sdme::client
