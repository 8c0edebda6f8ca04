// SPDX-License-Identifier: MIT
#include "commands/start.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Start::define(CLI::App& app) {
  names.define(app, "containers");
  define_timeout(app, timeout_seconds, "how long each may take");
}

int Start::run(Client& client) const {
  auto targets = choose_containers(client, names, [](const Dict& container) { return !is_up(container); });
  if (targets.empty()) client.out.say("no stopped containers to start");
  return run_batch(client, "start", std::move(targets), [this](Manager& manager, const std::string& name) {
    return manager.StartContainer(name, timeout_options(timeout_seconds));
  });
}

}  // namespace sdme::client
