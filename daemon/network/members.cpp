// SPDX-License-Identifier: MIT
#include "network/members.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/network.hpp"
#include "network/names.hpp"
#include "network/tool.hpp"
#include "store/layout.hpp"

namespace sdme::network {

namespace {

constexpr const char* kSubnet = "subnet";
constexpr const char* kLock = "lock";
constexpr const char* kMembers = "members";  // beside the networks: NAME holds the instance
constexpr std::size_t kLongestLine = 256;
constexpr mode_t kReadable = 0644;  // dnsmasq gives its rights up

// dnsmasq reads whatever appears in its directories: a file has to be whole when it does, and a name aside would be
// read too.
void write_line(const os::Dir& directory, const char* kind, const std::string& name, const std::string& line) {
  directory.write("." + name, line + "\n", kReadable);
  const auto to = os::Dir::make(directory.path() + "/" + kind, 0755);
  to.remove(name);
  directory.rename("." + name, to, name);
}

os::Dir members() { return os::Dir::make(std::string(layout::kNetworks) + "/" + kMembers, 0755); }

}  // namespace

std::string directory_of(std::string_view instance) {
  return std::string(layout::kNetworks) + "/" + std::string(instance);
}

Subnet subnet_of(const std::string& instance) {
  const auto directory = os::Dir::open(layout::kNetworks).find_dir(instance);
  const auto text = directory ? directory->find_text(kSubnet, kLongestLine) : std::nullopt;
  if (!text) throw Error(Errc::kCorrupt, "nobody wrote down the addresses of network " + text::quoted(instance));
  return Subnet::parse(*text);
}

std::vector<std::string> networks_up() {
  std::vector<std::string> up;
  if (access(layout::kNetworks, F_OK) != 0) return up;
  for (const auto& instance : os::Dir::open(layout::kNetworks).entries()) {
    if (instance != kMembers && has_interface(bridge_of(instance))) up.push_back(instance);
  }
  return up;
}

os::UniqueFd lock_network(const std::string& instance) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  auto fd = directory.open_file(kLock, O_RDWR | O_CREAT, 0600);
  if (flock(fd.get(), LOCK_EX) < 0) throw_errno("locking network " + instance);
  return fd;
}

Knowledge enter(const std::string& instance, const Subnet& subnet, const Member& member) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  for (const char* kind : {kAddresses, kHosts, kGiven})
    static_cast<void>(os::Dir::make(directory.path() + "/" + kind, 0755));
  const auto known = directory.find_text(kSubnet, kLongestLine);
  if (known != subnet.str()) {
    if (known && has_ports(instance)) {
      throw Error(Errc::kInUse, "network " + text::quoted(instance) + " has the addresses " + *known +
                                    " as long as its members run, and not " + subnet.str());
    }
    directory.write(kSubnet, subnet.str(), kReadable);
  }
  const auto address = model::to_text(member.address);
  const auto mac = mac_of(member.uuid);
  const auto before = directory.open_dir(kGiven).find_text(address, kLongestLine);
  write_line(directory, kAddresses, member.key, mac + "," + address + ",infinite");
  if (const auto domain = domain_of(instance); !domain.empty())
    write_line(directory, kHosts, member.key, address + " " + member.name + " " + member.name + "." + domain);
  members().write(member.key, instance + "\n" + member.uuid, kReadable);
  const bool same = (!known || *known == subnet.str()) && (!before || *before == mac);
  return same ? Knowledge::kGood : Knowledge::kOutdated;
}

void remember(const std::string& instance, const Member& member) {
  const auto given = os::Dir::make(directory_of(instance) + "/" + kGiven, 0755);
  given.write(model::to_text(member.address), mac_of(member.uuid), kReadable);
}

void forget_given(const std::string& instance) { os::tree_remove(os::Dir::make(directory_of(instance), 0755), kGiven); }

void leave(const std::string& instance, const std::string& key) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  for (const char* kind : {kAddresses, kHosts}) {
    if (const auto lines = directory.find_dir(kind)) lines->remove(key);
  }
  members().remove(key);
}

std::string key_of_pod(const std::string& name) { return "pod:" + name; }

std::optional<Membership> find_membership(const std::string& key) {
  if (access(layout::kNetworks, F_OK) != 0) return std::nullopt;
  const auto members = os::Dir::open(layout::kNetworks).find_dir(kMembers);
  const auto text = members ? members->find_text(key, kLongestLine) : std::nullopt;
  if (!text) return std::nullopt;
  const auto end = text->find('\n');
  return Membership{.instance = text->substr(0, end), .uuid = end == std::string::npos ? "" : text->substr(end + 1)};
}

std::optional<model::Network> find_network(const std::string& key) {
  const auto membership = find_membership(key);
  if (!membership) return std::nullopt;
  const auto directory = os::Dir::open(directory_of(membership->instance));
  const auto line = directory.open_dir(kAddresses).find_text(key, kLongestLine).value_or("");
  const auto parts = text::split(line, ',');
  if (parts.size() != 3) throw Error(Errc::kCorrupt, "nobody wrote down the address of " + text::quoted(key));
  const auto subnet = subnet_of(membership->instance);
  const auto own = Subnet::parse(parts[1] + "/" + std::to_string(subnet.prefix));
  return model::Network{.mode = model::Network::Mode::kVeth, .address = own.gateway, .prefix = subnet.prefix};
}

}  // namespace sdme::network
