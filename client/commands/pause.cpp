// SPDX-License-Identifier: MIT
#include "commands/pause.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

namespace {

Condition in_state(const std::string& wanted) {
  return [wanted](const Dict& container) { return value_of<std::string>(container, "state") == wanted; };
}

}  // namespace

void Pause::define(CLI::App& app) { names.define(app, "containers"); }

int Pause::run(Client& client) const {
  auto targets = choose_containers(client, names, in_state("running"));
  if (targets.empty()) client.out.say("no containers to pause");
  return run_batch(client, "pause", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.PauseContainer(name, foreground_options());
  });
}

void Resume::define(CLI::App& app) { names.define(app, "containers"); }

int Resume::run(Client& client) const {
  auto targets = choose_containers(client, names, in_state("paused"));
  if (targets.empty()) client.out.say("no containers to resume");
  return run_batch(client, "resume", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.ResumeContainer(name, foreground_options());
  });
}

}  // namespace sdme::client
