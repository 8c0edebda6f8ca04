// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/network.hpp"
#include "model/port.hpp"
#include "systemd/pid1.hpp"

// Published ports: for each a socket unit of the host, which starts sdme-proxy when somebody connects.
// They live and die with the container's unit.
namespace sdme::network {

// Where the connections go.
struct Inside {
  std::string unit;            // whose end is the ports' end
  std::string name;            // part of the units' names: of the container, or "pod-" and that of a pod
  std::string address;         // numeric
  std::string namespace_path;  // of the network that has the address; "" for the host's
};

Inside inside_of_container(const std::string& name, std::uint32_t address);

std::string port_unit(const std::string& name, const model::Port& port);  // sdme-port-NAME-….socket

// Those of `these` that are not among `those`.
std::vector<model::Port> missing_from(const std::vector<model::Port>& these, const std::vector<model::Port>& those);

// InUse, naming the program, where one is taken; then none is published.
void publish(systemd::Pid1& pid1, const Inside& inside, const std::vector<model::Port>& ports);
void withdraw(systemd::Pid1& pid1, const std::string& name, const std::vector<model::Port>& ports);
// From those to these, or as publish() and nothing has changed. What stays is not touched.
void republish(systemd::Pid1& pid1, const Inside& inside, const std::vector<model::Port>& from,
               const std::vector<model::Port>& to);

}  // namespace sdme::network
