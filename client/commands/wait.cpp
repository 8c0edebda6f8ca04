// SPDX-License-Identifier: MIT
#include "commands/wait.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "client.hpp"
#include "containers.hpp"

namespace sdme::client {

namespace {

// Where nothing is announced, and while the daemon is away: the question brings it back.
constexpr std::chrono::seconds kAskEvery{1};

bool is_so(const Dict& container, const std::string& wanted) {
  const auto state = value_of<std::string>(container, "state");
  if (wanted == "stopped") return state == "stopped" || state == "failed";
  return state == "running" && (wanted == "running" || value_of<std::string>(container, "health") == "ok");
}

// One that is gone has stopped.
bool look(Client& client, const std::string& name, const std::string& wanted) {
  const auto list = list_containers(client);
  const auto found =
      std::ranges::find_if(list, [&](const Dict& one) { return value_of<std::string>(one, "name") == name; });
  if (found != list.end()) return is_so(*found, wanted);
  if (wanted == "stopped") return true;
  throw Failure(exit_code::kNotFound, fmt::format("container {} was removed", name));
}

}  // namespace

void Wait::define(CLI::App& app) {
  app.add_option("NAME", name, "a container")->required();
  app.add_option("--for", state, "running, healthy (as its guest said at its boot), or stopped (the default)")
      ->check(CLI::IsMember({"running", "healthy", "stopped"}))
      ->type_name("STATE");
  define_timeout(app, timeout_seconds, "how long to wait at most");
}

int Wait::run(Client& client) const {
  const auto container = find_container(client, name);
  const auto deadline = Loop::Clock::now() + std::chrono::seconds(timeout_seconds);
  bool is_news = true;
  std::vector<sdbus::Slot> slots;
  if (!client.bus.is_peer())
    slots = client.bus.watch_objects([&](const ObjectNews&) { is_news = true; }, [&] { is_news = true; });
  const Loop::Tick tick(client.loop, kAskEvery, [&] { is_news = true; });
  for (;;) {
    is_news = false;
    if (look(client, container, state)) return exit_code::kDone;
    if (timeout_seconds > 0 && Loop::Clock::now() >= deadline) {
      throw Failure(exit_code::kTimedOut,
                    fmt::format("container {} was not {} within {} s", container, state, timeout_seconds));
    }
    client.loop.run_until([&] { return is_news; });
  }
}

}  // namespace sdme::client
