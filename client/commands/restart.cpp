// SPDX-License-Identifier: MIT
#include "commands/restart.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Restart::define(CLI::App& app) {
  names.define(app, "containers");
  mode.define(app, "how long each boot may take");
}

int Restart::run(Client& client) const {
  auto targets = choose_containers(client, names, is_up);
  if (targets.empty()) client.out.say("no running containers to restart");
  return run_batch(client, "restart", std::move(targets), [this](Manager& manager, const std::string& name) {
    return manager.RestartContainer(name, mode.options());
  });
}

}  // namespace sdme::client
