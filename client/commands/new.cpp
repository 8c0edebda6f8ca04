// SPDX-License-Identifier: MIT
#include "commands/new.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "job_waiter.hpp"
#include "session.hpp"
#include "terminal.hpp"

namespace sdme::client {

namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr int kMostLooks = 100;

bool is_there(Client& client, const std::string& name) {
  return !client.bus.await(client.bus.open().ListContainers({{"name", sdbus::Variant(name)}})).empty();
}

// The daemon removes it; its name is free when this returns. What it has to say of its own failure is not what matters.
void stop_and_await_removal(Client& client, const std::string& name) {
  const Loop::SignalScope deaf(client.loop, [](int) {});
  try {
    auto options = foreground_options();
    options["mode"] = sdbus::Variant(std::string("terminate"));
    JobWaiter waiter(client);
    waiter.finish(client.bus.await(client.bus.gated().StopContainer(name, options)), "stop", name);
    for (int look = 0; look < kMostLooks && is_there(client, name); ++look) {
      bool over = false;
      const Loop::Tick tick(client.loop, kLookEvery, [&] { over = true; });
      client.loop.run_until([&] { return over; });
    }
    if (!is_there(client, name)) return;
  } catch (const Failure& failure) {
    client.out.say(failure);
  }
  client.out.say(fmt::format("sdmectl: {} is still there: 'sdmectl rm {}' removes it", name, name));
}

}  // namespace

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
    status = enter(client, name);
  } catch (Failure& failure) {
    if (!flags.ephemeral) failure.hint = kept;
    throw;
  }
  if (status != exit_code::kDone && !flags.ephemeral) client.out.say("sdmectl: " + kept);
  return status;
}

// However it ends, what goes when it has stopped is stopped.
int New::enter(Client& client, const std::string& name) const {
  const auto stop = [&] {
    if (flags.ephemeral) stop_and_await_removal(client, name);
  };
  try {
    start_container(client, name, timeout_seconds);
    const int status = run_as_fits(client, {.name = name, .user = user, .argv = command, .env = {}, .cwd = {}});
    stop();
    return status;
  } catch (const Failure&) {
    stop();
    throw;
  } catch (const Interrupted&) {
    stop();
    throw;
  }
}

}  // namespace sdme::client
