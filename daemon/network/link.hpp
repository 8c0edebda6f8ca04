// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "model/record.hpp"
#include "network/members.hpp"
#include "systemd/pid1.hpp"

// The link of one container to a network of ours. To be called by the process that becomes
// systemd-nspawn, in the host's network.
namespace sdme::network {

struct Link {
  std::string inner;        // the interface that is to go inside, "" when this process is inside already
  std::string resolv_conf;  // the path of the file for the guest
};

// Whether the guest could not set its network up itself, since it lacks the right to: then it finds one
// that is set up, and not one where DHCP would tell it how.
bool needs_setup(const model::Definition& definition);

// Starts the network where nobody is on it yet, and makes the link. Where the guest needs it set up,
// this process then is in the guest's network namespace.
Link connect(systemd::Pid1& pid1, const model::ContainerRecord& record);

// Makes a network namespace with a loopback, in which no port is reserved, and enters it.
void enter_new_namespace();

// What is left of a container that ended: its address and name are no longer told, and a network that
// nobody is on is stopped. Nothing to do is fine.
void disconnect(systemd::Pid1& pid1, const std::string& name);

}  // namespace sdme::network
