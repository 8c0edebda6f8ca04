// SPDX-License-Identifier: MIT
#include "commands/fs_remove.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void FsRemove::define(CLI::App& app) {
  names.define(app, "root filesystems");
  app.add_flag("-f,--force", force, "do not ask before --all");
}

int FsRemove::run(Client& client) const {
  names.check();
  auto chosen = names.names;
  if (names.all) chosen = names_in(client.bus.await(client.bus.open().ListRootfs({})));
  std::vector<Target> targets;
  for (const auto& name : chosen) targets.push_back({.typed = name, .name = name});
  if (targets.empty()) client.out.say("no root filesystems to remove");
  const auto forced = force ? Force::kYes : Force::kNo;
  if (names.all && !confirm_all(client, targets, "root filesystems", forced)) return exit_code::kFailed;
  return run_batch(client, "remove", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.RemoveRootfs(name, foreground_options());
  });
}

}  // namespace sdme::client
