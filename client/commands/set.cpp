// SPDX-License-Identifier: MIT
#include "commands/set.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "update.hpp"

namespace sdme::client {

void Set::define(CLI::App& app) {
  app.add_option("NAME", name, "name of the container")->required();
  wanted.define(app);
}

int Set::run(Client& client) const {
  auto changes = wanted.definition();
  if (changes.empty()) {
    throw Failure(exit_code::kUsage, "nothing is to be changed",
                  "'sdmectl set --help' lists what can be; 'sdmectl show " + name + "' shows what is");
  }
  update_container(client, name, std::move(changes));
  return exit_code::kDone;
}

}  // namespace sdme::client
