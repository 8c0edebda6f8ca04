// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "model/record.hpp"

// What the host calls the parts of our networks. Interfaces have at most 15 characters, so a container's
// are named after its uuid; and none has a name that systemd-networkd's stock files match.
namespace sdme::network {

// The network that a container or pod is on, as the instance of its unit: "links" or "zone-NAME".
std::string instance_of(const model::Network& network);
std::string unit_of(std::string_view instance);    // sdme-network@INSTANCE.service
std::string bridge_of(std::string_view instance);  // "sdme-links", "sdz-NAME"
bool is_bridge_of_ours(std::string_view interface);
std::string table_of(std::string_view instance);  // of nftables, family inet: "sdme-INSTANCE"
bool is_table_of_ours(std::string_view table);

// The two ends of the link of what has this uuid: the host's, and the one that goes inside.
std::string outer_end(std::string_view uuid);
std::string inner_end(std::string_view uuid);
// Of the end inside, locally administered: the same at each start.
std::string mac_of(std::string_view uuid);

// What the names of a zone end with, beside the bare ones: "lan.internal".
std::string domain_of(std::string_view instance);

}  // namespace sdme::network
