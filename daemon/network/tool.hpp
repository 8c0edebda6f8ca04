// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The host's own tools of the network, iproute2 and nftables: one way to run them.
namespace sdme::network {

// NotSupported, naming it, unless it is installed.
void require_tool(const std::string& name);

// Runs NAME of /usr/sbin or /usr/bin with `input` to read, and returns what it printed. CommandFailed
// with its words; NotSupported when it is not installed.
std::string run_tool(const std::string& name, const std::vector<std::string>& arguments, std::string_view input = "");

// ip-link(8) and its like, one command a line; the first that fails ends it.
void run_ip(const std::vector<std::string>& commands);

bool has_interface(const std::string& name);
// One that is not there is fine: the kernel removes what was inside of a container when it ends, at any moment.
void delete_interface(const std::string& name);

// nft(8): all of it or nothing.
void run_nft(std::string_view rules);

}  // namespace sdme::network
