// SPDX-License-Identifier: MIT
#include "commands/join.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace sdme::client {

void Join::define(CLI::App& app) {
  app.add_option("CONTAINER", name, "its name, or the beginning of it")->required();
  app.add_option("--user", user, "who to be inside; root where nobody is named");
  app.add_flag("--start", start, "start it first if it is stopped");
  define_timeout(app, timeout_seconds, "how long that may take");
  app.usage("Usage: sdmectl join CONTAINER [OPTIONS] [[--] COMMAND...]");
}

void Join::start_if_stopped(Client& client, const std::string& container) const {
  const auto found = client.bus.await(client.bus.open().ListContainers({{"name", sdbus::Variant(container)}}));
  if (found.empty() || is_up(found.front())) return;
  const auto question = fmt::format("{} is stopped; start it?", container);
  if (!start && !(can_ask() && ask(client.loop, question, Answer::kYes) == Answer::kYes)) {
    throw Failure(kSessionFailed, container + " is stopped", "--start starts it");
  }
  start_container(client, container, timeout_seconds);
}

int Join::run(Client& client) const {
  if (command.empty() && !(is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO))) {
    throw Failure(exit_code::kUsage, "a shell needs a terminal", fmt::format("'sdmectl exec {} sh' does not", name));
  }
  try {
    const auto container = find_container(client, name);
    start_if_stopped(client, container);
    return run_as_fits(client, {.name = container, .user = user, .argv = command, .env = {}, .cwd = {}});
  } catch (Failure& failure) {
    // The other statuses are the shell's.
    failure.exit_status = kSessionFailed;
    throw;
  }
}

}  // namespace sdme::client
