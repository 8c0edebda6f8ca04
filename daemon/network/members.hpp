// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/network.hpp"
#include "network/bridge.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

// Who is on a network of ours, written down below layout::kNetworks: dnsmasq(8) reads who has which
// address and name, and who ends is found there, whatever its record says by then.
namespace sdme::network {

// Below directory_of().
inline constexpr const char* kAddresses = "addresses";  // a file a member: MAC,ADDRESS,infinite
inline constexpr const char* kGiven = "given";          // a file an ADDRESS that dnsmasq was told of: its MAC
inline constexpr const char* kHosts = "hosts";          // likewise: ADDRESS NAME NAME.DOMAIN
inline constexpr const char* kDnsmasqConf = "dnsmasq.conf";
inline constexpr const char* kResolvConf = "resolv.conf";

struct Member {
  std::string key;   // of its files: the name of a container, key_of_pod() of a pod
  std::string name;  // by which others find it
  std::string uuid;
  std::uint32_t address = 0;
};

std::string directory_of(std::string_view instance);
Subnet subnet_of(const std::string& instance);  // Corrupt when none was written down
std::vector<std::string> networks_up();         // instances whose bridge is there, sorted

// Held while a network changes: one that ends must not take away what one that starts just found.
os::UniqueFd lock_network(const std::string& instance);

// Whether dnsmasq(8) has to begin anew: it knows other addresses, or this one as somebody else's, whose lease
// it would not forget otherwise.
enum class Knowledge { kGood, kOutdated };

// The first also writes the subnet down; InUse when it is another one than that of those there.
Knowledge enter(const std::string& instance, const Subnet& subnet, const Member& member);
// What dnsmasq(8) knows once it runs; and that it ended, and what it knew with it.
void remember(const std::string& instance, const Member& member);
void forget_given(const std::string& instance);

void leave(const std::string& instance, const std::string& key);

// What a member was written down as.
struct Membership {
  std::string instance;
  std::string uuid;
};
std::optional<Membership> find_membership(const std::string& key);

// The address that it was written down with, and its network; none where it is on no network of ours.
std::optional<model::Network> find_network(const std::string& key);

std::string key_of_pod(const std::string& name);  // that no container has

}  // namespace sdme::network
