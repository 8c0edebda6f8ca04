// SPDX-License-Identifier: MIT
#include "commands/mount.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>

#include "client.hpp"
#include "definition_flags.hpp"
#include "update.hpp"

namespace sdme::client {

void Mount::define(CLI::App& app) {
  app.add_option("NAME", name, "name of the container")->required();
  app.add_option("BIND", binds, "SOURCE:DESTINATION[:ro,dev,suid]; a SOURCE without a slash is a volume")->required();
}

int Mount::run(Client& client) const {
  std::vector<std::string> resolved;
  std::ranges::transform(binds, std::back_inserter(resolved), resolve_bind);
  update_container(client, name, {{"add-binds", sdbus::Variant(resolved)}});
  return exit_code::kDone;
}

void Unmount::define(CLI::App& app) {
  app.add_option("NAME", name, "name of the container")->required();
  app.add_option("DESTINATION", destinations, "where it is seen inside")->required();
}

int Unmount::run(Client& client) const {
  update_container(client, name, {{"remove-binds", sdbus::Variant(destinations)}});
  return exit_code::kDone;
}

}  // namespace sdme::client
