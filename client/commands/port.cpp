// SPDX-License-Identifier: MIT
#include "commands/port.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "containers.hpp"
#include "update.hpp"

namespace sdme::client {

namespace {

void define_both(CLI::App& app, std::string& name, std::vector<std::string>& ports) {
  app.add_option("NAME", name, "name of the container")->required();
  app.add_option("PORT", ports, "[ADDRESS:][HOST:]CONTAINER[/tcp|/udp]")->required();
}

}  // namespace

void PortAdd::define(CLI::App& app) { define_both(app, name, ports); }

int PortAdd::run(Client& client) const {
  update_container(client, name, {{"add-ports", sdbus::Variant(ports)}});
  return exit_code::kDone;
}

void PortRemove::define(CLI::App& app) { define_both(app, name, ports); }

int PortRemove::run(Client& client) const {
  update_container(client, name, {{"remove-ports", sdbus::Variant(ports)}});
  return exit_code::kDone;
}

void PortList::define(CLI::App& app) { app.add_option("NAME", name, "name of the container"); }

int PortList::run(Client& client) const {
  const auto wanted = name.empty() ? name : find_container(client, name);
  std::vector<Dict> ports;
  for (const auto& container : list_containers(client)) {
    const auto owner = value_of<std::string>(container, "name");
    if (!wanted.empty() && owner != wanted) continue;
    for (const auto& port : value_of<std::vector<std::string>>(container, "ports")) {
      ports.push_back({{"container", sdbus::Variant(owner)}, {"port", sdbus::Variant(port)}});
    }
  }
  if (client.out.wants_json()) {
    client.out.results(ports);
    return exit_code::kDone;
  }
  Table table({"CONTAINER", "PORT"});
  for (const auto& port : ports)
    table.add({value_of<std::string>(port, "container"), value_of<std::string>(port, "port")});
  client.out.table(table);
  return exit_code::kDone;
}

}  // namespace sdme::client
