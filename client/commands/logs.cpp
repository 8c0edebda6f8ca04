// SPDX-License-Identifier: MIT
#include "commands/logs.hpp"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <limits>

#include "client.hpp"
#include "containers.hpp"
#include "relay.hpp"

namespace sdme::client {

void Logs::define(CLI::App& app) {
  app.add_option("NAME", name, "a container")->required();
  app.add_flag("-f,--follow", follow, "go on with what is said from now on");
  app.add_option("-n,--lines", lines, "only the last so many lines")
      ->check(CLI::Range(1U, std::numeric_limits<std::uint32_t>::max()))
      ->type_name("N");
  app.add_option("--output", format, "short, cat (only the words), or json")
      ->check(CLI::IsMember({"short", "cat", "json"}))
      ->type_name("FORMAT");
}

int Logs::run(Client& client) const {
  Dict options = {{"format", sdbus::Variant(format)}, {"follow", sdbus::Variant(follow)}};
  if (lines > 0) options["lines"] = sdbus::Variant(lines);
  const auto container = find_container(client, name);
  const auto log = Fd::take(client.bus.await(client.bus.passing().OpenLog(container, options)));
  client.bus.close_agent();
  Relay relay(client.loop, log.get(), STDOUT_FILENO, Relay::Sink::kShared);
  client.loop.run_until([&] { return relay.done(); });
  return exit_code::kDone;
}

}  // namespace sdme::client
