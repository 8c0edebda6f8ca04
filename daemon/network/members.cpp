// SPDX-License-Identifier: MIT
#include "network/members.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/network.hpp"
#include "network/names.hpp"
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
  const auto text = os::Dir::make(directory_of(instance), 0755).find_text(kSubnet, kLongestLine);
  if (!text) throw Error(Errc::kCorrupt, "nobody wrote down the addresses of network " + text::quoted(instance));
  return Subnet::parse(*text);
}

os::UniqueFd lock_network(const std::string& instance) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  auto fd = directory.open_file(kLock, O_RDWR | O_CREAT, 0600);
  if (flock(fd.get(), LOCK_EX) < 0) throw_errno("locking network " + instance);
  return fd;
}

Subnets enter(const std::string& instance, const Subnet& subnet, const Member& member) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  for (const char* kind : {kAddresses, kHosts}) static_cast<void>(os::Dir::make(directory.path() + "/" + kind, 0755));
  const auto known = directory.find_text(kSubnet, kLongestLine);
  if (known != subnet.str()) {
    if (known && has_ports(instance)) {
      throw Error(Errc::kInUse, "network " + text::quoted(instance) + " has the addresses " + *known +
                                    " as long as its members run, and not " + subnet.str());
    }
    directory.write(kSubnet, subnet.str(), kReadable);
  }
  const auto address = model::to_text(member.address);
  write_line(directory, kAddresses, member.name, mac_of(member.uuid) + "," + address + ",infinite");
  if (const auto domain = domain_of(instance); !domain.empty())
    write_line(directory, kHosts, member.name, address + " " + member.name + " " + member.name + "." + domain);
  members().write(member.name, instance, kReadable);
  return !known || *known == subnet.str() ? Subnets::kSame : Subnets::kChanged;
}

void leave(const std::string& instance, const std::string& name) {
  const auto directory = os::Dir::make(directory_of(instance), 0755);
  for (const char* kind : {kAddresses, kHosts}) {
    if (const auto lines = directory.find_dir(kind)) lines->remove(name);
  }
  members().remove(name);
}

std::optional<std::string> find_instance(const std::string& name) { return members().find_text(name, kLongestLine); }

}  // namespace sdme::network
