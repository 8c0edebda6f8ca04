// SPDX-License-Identifier: MIT
#include "containers.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>

#include "job_waiter.hpp"
#include "name_prefix.hpp"
#include "terminal.hpp"

namespace sdme::client {

void Names::define(CLI::App& app, const std::string& what) {
  app.add_option("NAME", names, "names of " + what);
  app.add_flag("-a,--all", all, "all " + what + " that it applies to");
}

void Names::check() const {
  if (names.empty() == all) return;
  throw Failure(exit_code::kUsage, all ? "--all goes without names" : "a name is missing", all ? "" : "or --all");
}

std::vector<Dict> list_containers(Client& client) { return client.bus.await(client.bus.open().ListContainers({})); }

std::vector<std::string> names_in(const std::vector<Dict>& list) {
  std::vector<std::string> names;
  for (const auto& entry : list) names.push_back(value_of<std::string>(entry, "name"));
  return names;
}

std::string find_container(Client& client, const std::string& typed) {
  return resolve_name(names_in(list_containers(client)), typed);
}

std::vector<Target> choose_containers(Client& client, const Names& names, const Condition& condition) {
  names.check();
  const auto containers = list_containers(client);
  std::vector<Target> targets;
  for (const auto& container : containers) {
    const auto name = value_of<std::string>(container, "name");
    if (names.all && condition(container)) targets.push_back({.typed = name, .name = name});
  }
  const auto known = names_in(containers);
  for (const auto& typed : names.names) {
    try {
      targets.push_back({.typed = typed, .name = resolve_name(known, typed)});
    } catch (const Failure& failure) {
      targets.push_back({.typed = typed, .name = std::unexpected(failure)});
    }
  }
  return targets;
}

bool is_up(const Dict& container) {
  const auto state = value_of<std::string>(container, "state");
  return state == "running" || state == "starting" || state == "paused";
}

bool confirm_all(Client& client, const std::vector<Target>& targets, const std::string& what, Force force) {
  if (force == Force::kYes || targets.empty()) return true;
  if (!can_ask()) throw Failure(exit_code::kUsage, "--all needs --force where nobody can be asked");
  std::vector<std::string> names;
  for (const auto& target : targets) names.push_back(target.typed);
  const auto question = fmt::format("remove {} {}: {}?", targets.size(), what, fmt::join(names, ", "));
  return ask(client.loop, question, Answer::kNo) == Answer::kYes;
}

Dict timeout_options(unsigned seconds) {
  auto options = foreground_options();
  if (seconds > 0) options["timeout-usec"] = sdbus::Variant(std::uint64_t{seconds} * 1'000'000);
  return options;
}

void start_container(Client& client, const std::string& name, unsigned timeout_seconds) {
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().StartContainer(name, timeout_options(timeout_seconds)));
  waiter.finish(job, "start", name);
}

void enable_container(Client& client, const std::string& name) {
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().EnableContainer(name, foreground_options()));
  waiter.finish(job, "enable", name);
}

CLI::Option* define_timeout(CLI::App& app, unsigned& seconds, const std::string& timed) {
  return app.add_option("-t,--timeout", seconds, timed)
      ->check(CLI::Range(1U, std::numeric_limits<unsigned>::max()))
      ->type_name("SECONDS");
}

void StopMode::define(CLI::App& app, const std::string& timed) {
  auto* term = app.add_flag("--term", terminate, "do not ask the guest first; have systemd stop the unit");
  app.add_flag("--kill", kill, "kill every process at once")->excludes(term);
  define_timeout(app, timeout_seconds, timed);
}

Dict StopMode::options() const {
  auto options = timeout_options(timeout_seconds);
  const std::string mode = kill ? "kill" : terminate ? "terminate" : "graceful";
  options["mode"] = sdbus::Variant(mode);
  return options;
}

}  // namespace sdme::client
