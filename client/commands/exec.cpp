// SPDX-License-Identifier: MIT
#include "commands/exec.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "session.hpp"

namespace sdme::client {

namespace {

std::string check_variable(const std::string& text) {
  const auto equals = text.find('=');
  return equals == std::string::npos || equals == 0 ? "is not NAME=VALUE: " + text : "";
}

}  // namespace

void Exec::define(CLI::App& app) {
  app.add_option("CONTAINER", name, "its name, or the beginning of it")->required();
  app.add_option("--user", user, "who to be inside; root where nobody is named");
  app.add_option("--cwd", cwd, "the directory to be in; the user's home where none is named")->type_name("DIR");
  app.add_option("-e,--env", env, "a variable of its environment; may be repeated")
      ->allow_extra_args(false)
      ->check(check_variable)
      ->type_name("NAME=VALUE");
  auto* with = app.add_flag("-t,--tty", terminal, "with a terminal, even when ours is not one");
  app.add_flag("-T,--no-tty", no_terminal, "without a terminal, even when ours is one")->excludes(with);
  app.usage("Usage: sdmectl exec CONTAINER [OPTIONS] [--] COMMAND...");
}

int Exec::run(Client& client) const {
  if (command.empty()) throw Failure(exit_code::kUsage, "a command is missing", "'sdmectl join' opens a shell");
  try {
    const SessionRequest request{
        .name = find_container(client, name), .user = user, .argv = command, .env = env, .cwd = cwd};
    if (terminal) return run_on_terminal(client, request);
    return no_terminal ? run_piped(client, request) : run_as_fits(client, request);
  } catch (Failure& failure) {
    // The other statuses are the command's.
    failure.exit_status = kSessionFailed;
    if (failure.code == Errc::kNotRunning) failure.hint = "'sdmectl start " + name + "' starts it";
    throw;
  }
}

}  // namespace sdme::client
