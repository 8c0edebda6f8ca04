// SPDX-License-Identifier: MIT
#include "commands/show.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "inspection.hpp"
#include "name_prefix.hpp"

namespace sdme::client {

void Show::define(CLI::App& app) {
  app.add_option("NAME", names, "names of containers")->required();
  app.add_flag("--effective", effective, "and the command of the next start");
}

int Show::run(Client& client) const {
  const auto known = names_in(list_containers(client));
  Dict options;
  if (effective) options["effective"] = sdbus::Variant(true);
  return show_each(client, names.size(), [&](std::size_t i) {
    return client.bus.await(client.bus.gated().InspectContainer(resolve_name(known, names[i]), options));
  });
}

}  // namespace sdme::client
