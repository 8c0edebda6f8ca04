// SPDX-License-Identifier: MIT
#include "commands/pod.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "batch.hpp"
#include "client.hpp"
#include "containers.hpp"
#include "inspection.hpp"
#include "job_waiter.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

std::vector<Dict> list_pods(Client& client) { return client.bus.await(client.bus.open().ListPods({})); }

// Where a pod is attached, as the bus names it.
std::string network_of(const std::string& how, const std::string& zone) {
  if (how == "zone" && zone.empty()) throw Failure(exit_code::kUsage, "which zone? Its name is missing");
  if (how != "zone" && !zone.empty()) throw Failure(exit_code::kUsage, fmt::format("'{}' takes no zone", how));
  return zone.empty() ? how : how + ":" + zone;
}

// "web(oci)" of one that is not in it as a whole.
std::string members_of(const Dict& pod) {
  auto names = value_of<std::vector<std::string>>(pod, "members");
  const auto applications = value_of<std::vector<std::string>>(pod, "oci-members");
  for (auto& name : names) {
    if (std::ranges::contains(applications, name)) name += "(oci)";
  }
  return join(names, " ");
}

int update(Client& client, const std::string& name, Dict changes) {
  changes.merge(foreground_options());
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().UpdatePod(name, changes));
  waiter.finish(job, "change pod", name);
  return exit_code::kDone;
}

void define_ports(CLI::App& app, std::string& name, std::vector<std::string>& ports) {
  app.add_option("NAME", name, "name of the pod")->required();
  app.add_option("PORT", ports, "[ADDRESS:][HOST:]CONTAINER[/tcp|/udp]")->required();
}

}  // namespace

void PodNew::define(CLI::App& app) {
  app.add_option("NAME", name, "its name")->required();
  app.add_option("--attach", attach, "attach it: veth, or zone with --zone")
      ->check(CLI::IsMember({"veth", "zone"}))
      ->type_name("HOW");
  app.add_option("--zone", zone, "the zone to attach it to")->type_name("ZONE");
  app.add_option("-p,--port", ports, "publish a port: [ADDRESS:][HOST:]CONTAINER[/tcp|/udp]")
      ->allow_extra_args(false)
      ->type_name("PORT");
}

int PodNew::run(Client& client) const {
  auto definition = foreground_options();
  const auto how = attach.empty() && !zone.empty() ? "zone" : attach;
  if (!how.empty()) definition["network"] = sdbus::Variant(network_of(how, zone));
  if (!ports.empty()) definition["ports"] = sdbus::Variant(ports);
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().CreatePod(name, definition));
  waiter.finish(job, "create pod", name);
  client.out.wants_json() ? client.out.results(Dict{{"name", sdbus::Variant(name)}}) : client.out.result(name + "\n");
  return exit_code::kDone;
}

void PodList::define(CLI::App&) {}

int PodList::run(Client& client) const {
  const auto pods = list_pods(client);
  if (client.out.wants_json()) {
    client.out.results(pods);
    return exit_code::kDone;
  }
  if (pods.empty()) {
    client.out.say("no pods found");
    return exit_code::kDone;
  }
  Table table({"NAME", "NETWORK", "ADDRESS", "PORTS", "MEMBERS", "OWNER"});
  for (const auto& pod : pods) {
    table.add({value_of<std::string>(pod, "name"), value_of<std::string>(pod, "network"),
               value_of<std::string>(pod, "address"), join(value_of<std::vector<std::string>>(pod, "ports"), " "),
               members_of(pod), user_name(value_of<std::uint32_t>(pod, "owner"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

void PodShow::define(CLI::App& app) { app.add_option("NAME", names, "names of pods")->required(); }

int PodShow::run(Client& client) const {
  const auto pods = list_pods(client);
  return show_each(client, names.size(), [&](std::size_t i) {
    const auto found =
        std::ranges::find_if(pods, [&](const Dict& pod) { return value_of<std::string>(pod, "name") == names[i]; });
    if (found == pods.end())
      throw Failure(exit_code::kNotFound, fmt::format("there is no pod '{}'", printable(names[i])));
    return *found;
  });
}

void PodRemove::define(CLI::App& app) { app.add_option("NAME", names, "names of pods")->required(); }

int PodRemove::run(Client& client) const {
  std::vector<Target> targets;
  for (const auto& name : names) targets.push_back({.typed = name, .name = name});
  return run_batch(client, "remove pod", std::move(targets), [](Manager& manager, const std::string& name) {
    return manager.RemovePod(name, foreground_options());
  });
}

void PodAttach::define(CLI::App& app) {
  app.add_option("NAME", name, "name of the pod")->required();
  app.add_option("HOW", how, "veth or zone")->required()->check(CLI::IsMember({"veth", "zone"}));
  app.add_option("ZONE", zone, "the zone");
}

int PodAttach::run(Client& client) const {
  return update(client, name, {{"network", sdbus::Variant(network_of(how, zone))}});
}

void PodDetach::define(CLI::App& app) { app.add_option("NAME", name, "name of the pod")->required(); }

int PodDetach::run(Client& client) const {
  return update(client, name, {{"network", sdbus::Variant(std::string("private"))}});
}

void PodPortAdd::define(CLI::App& app) { define_ports(app, name, ports); }

int PodPortAdd::run(Client& client) const { return update(client, name, {{"add-ports", sdbus::Variant(ports)}}); }

void PodPortRemove::define(CLI::App& app) { define_ports(app, name, ports); }

int PodPortRemove::run(Client& client) const { return update(client, name, {{"remove-ports", sdbus::Variant(ports)}}); }

}  // namespace sdme::client
