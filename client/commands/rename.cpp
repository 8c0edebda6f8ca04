// SPDX-License-Identifier: MIT
#include "commands/rename.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

void Rename::define(CLI::App& app) {
  app.add_option("OLD", name, "name of the container")->required();
  app.add_option("NEW", new_name, "what it is to be called")->required();
}

int Rename::run(Client& client) const {
  const auto container = find_container(client, name);
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().RenameContainer(container, new_name, foreground_options()));
  const auto result = waiter.finish(job, "rename", container);
  client.out.wants_json() ? client.out.results(result) : client.out.result(new_name + "\n");
  return exit_code::kDone;
}

}  // namespace sdme::client
