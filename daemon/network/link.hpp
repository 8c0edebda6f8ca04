// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "model/record.hpp"
#include "network/members.hpp"
#include "systemd/pid1.hpp"

// The link of a container or pod to a network of ours. To be made in the host's network.
namespace sdme::network {

struct Link {
  std::string inner;        // the interface that is to go inside, "" when this process is inside already
  std::string resolv_conf;  // the path of the file for the guest
};

// Returns when it is up; NetworkFailed, saying where to look, when it is not.
void start_unit(systemd::Pid1& pid1, const std::string& unit);
void stop_unit(systemd::Pid1& pid1, const std::string& unit);

// Starts the network where nobody is on it yet, and makes the link.
Link connect(systemd::Pid1& pid1, const model::Network& network, const Member& member);

// The link of the container that this process becomes. Where the guest could not set its network up itself, since it
// lacks the right to, this process then is in the guest's network namespace: the guest finds one that is set up, and
// not one where DHCP would tell it how.
Link connect_container(systemd::Pid1& pid1, const model::ContainerRecord& record);

// The container has booted. Where nobody inside took the link up, since there is no DHCP client or it is not to run, it
// gets what DHCP would have told. The work of sdme-link@NAME.service, which connect_container() queues.
void finish_link(systemd::Pid1& pid1, const std::string& container);

// NotFound or InvalidArgument, naming it, where the bridge or interface of the host that it wants is none: systemd-nspawn
// would tell only the journal.
void check_host_side(const model::Network& network);

// What is left of a container or pod that ended: its address and name are no longer told, and a network
// that nobody is on is stopped. Nothing to do is fine. `key` is that of the member.
void disconnect(systemd::Pid1& pid1, const std::string& key);

}  // namespace sdme::network
