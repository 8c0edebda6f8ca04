// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "network/bridge.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

// Who is on a network of ours, written down below layout::kNetworks: dnsmasq(8) reads who has which
// address and name, and who ends is found there, whatever its record says by then.
namespace sdme::network {

// Below directory_of().
inline constexpr const char* kAddresses = "addresses";  // a file a member: MAC,ADDRESS,infinite
inline constexpr const char* kHosts = "hosts";          // likewise: ADDRESS NAME NAME.DOMAIN
inline constexpr const char* kDnsmasqConf = "dnsmasq.conf";
inline constexpr const char* kResolvConf = "resolv.conf";

struct Member {
  std::string name;  // of the container, or "pod-NAME"
  std::string uuid;
  std::uint32_t address = 0;
};

std::string directory_of(std::string_view instance);
Subnet subnet_of(const std::string& instance);  // Corrupt when none was written down

// Held while a network changes: one that ends must not take away what one that starts just found.
os::UniqueFd lock_network(const std::string& instance);

enum class Subnets { kSame, kChanged };
// The first also writes the subnet down; InUse when it is another one than that of those there.
Subnets enter(const std::string& instance, const Subnet& subnet, const Member& member);
void leave(const std::string& instance, const std::string& name);

// The network that a member is on, nothing for none.
std::optional<std::string> find_instance(const std::string& name);

}  // namespace sdme::network
