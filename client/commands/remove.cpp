// SPDX-License-Identifier: MIT
#include "commands/remove.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Remove::define(CLI::App& app) {
  names.define(app, "containers");
  app.add_flag("-f,--force", force, "do not ask before --all");
}

int Remove::run(Client& client) const {
  auto targets = choose_containers(client, names, [](const Dict&) { return true; });
  if (targets.empty()) client.out.say("no containers to remove");
  const auto forced = force ? Force::kYes : Force::kNo;
  if (names.all && !confirm_all(client, targets, "containers", forced)) return exit_code::kFailed;
  return run_batch(client, "remove", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.RemoveContainer(name, foreground_options());
  });
}

}  // namespace sdme::client
