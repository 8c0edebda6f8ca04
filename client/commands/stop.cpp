// SPDX-License-Identifier: MIT
#include "commands/stop.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Stop::define(CLI::App& app) {
  names.define(app, "containers");
  mode.define(app, "how long the first step may take");
}

int Stop::run(Client& client) const {
  auto targets = choose_containers(client, names, is_up);
  if (targets.empty()) client.out.say("no running containers to stop");
  return run_batch(client, "stop", std::move(targets), [this](Manager& manager, const std::string& name) {
    return manager.StopContainer(name, mode.options());
  });
}

}  // namespace sdme::client
