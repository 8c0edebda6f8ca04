// SPDX-License-Identifier: MIT
#include "commands/create.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"

namespace sdme::client {

void Create::define(CLI::App& app) {
  flags.define(app);
  auto* start = app.add_flag("--started", started, "start it, too");
  define_timeout(app, timeout_seconds, "how long the start may take")->needs(start);
}

int Create::run(Client& client) const {
  const auto name = create_container(client, flags);
  // It exists from here on, whatever becomes of the start: so its name comes first.
  client.out.wants_json() ? client.out.results(Dict{{"name", sdbus::Variant(name)}}) : client.out.result(name + "\n");
  if (started) {
    try {
      start_container(client, name, timeout_seconds);
    } catch (Failure& failure) {
      failure.hint =
          fmt::format("{} is kept: 'sdmectl logs {}' may tell more, 'sdmectl rm {}' removes it", name, name, name);
      throw;
    }
  }
  return exit_code::kDone;
}

}  // namespace sdme::client
