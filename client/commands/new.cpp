// SPDX-License-Identifier: MIT
#include "commands/new.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace sdme::client {

void New::define(CLI::App& app) {
  flags.define(app);
  define_timeout(app, timeout_seconds, "how long the start may take");
  app.add_option("--user", user, "who to be inside; root where nobody is named");
  app.usage("Usage: sdmectl new [NAME] [OPTIONS] [-- COMMAND...]");
}

int New::run(Client& client) const {
  if (command.empty() && !(is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO))) {
    throw Failure(exit_code::kUsage, "a shell needs a terminal",
                  "give a command after --, or use 'sdmectl create --started'");
  }
  const auto name = create_container(client, flags);
  const auto kept =
      fmt::format("{} is kept: 'sdmectl join {}' enters it, 'sdmectl rm {}' removes it", name, name, name);
  client.out.say("sdmectl: created " + name);
  int status = kSessionFailed;
  try {
    start_container(client, name, timeout_seconds);
    status = run_as_fits(client, {.name = name, .user = user, .argv = command, .env = {}, .cwd = {}});
  } catch (Failure& failure) {
    failure.hint = kept;
    throw;
  }
  if (status != exit_code::kDone) client.out.say("sdmectl: " + kept);
  return status;
}

}  // namespace sdme::client
