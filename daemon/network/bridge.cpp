// SPDX-License-Identifier: MIT
#include "network/bridge.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "model/network.hpp"
#include "network/members.hpp"
#include "network/names.hpp"
#include "network/tool.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"

namespace sdme::network {

namespace {

constexpr std::size_t kLongestSwitch = 16;

std::string network_of(const Subnet& subnet) {
  return model::to_text(subnet.gateway - 1) + "/" + std::to_string(subnet.prefix);
}

// Packets that guests send out come in on one interface and leave by another.
void allow_forwarding() {
  const auto settings = os::Dir::open("/proc/sys/net/ipv4");
  if (settings.read("ip_forward", kLongestSwitch).starts_with('1')) return;
  os::write_all(settings.open_file("ip_forward", O_WRONLY | O_TRUNC).get(), "1", "net.ipv4.ip_forward");
}

std::vector<std::string> ports_of(const std::string& bridge) {
  const auto ports = "/sys/class/net/" + bridge + "/brif";
  return access(ports.c_str(), F_OK) == 0 ? os::Dir::open(ports).entries() : std::vector<std::string>{};
}

// A container in a container, or a VPN, may have chosen the same.
void check_free(const Subnet& subnet, const std::string& bridge) {
  const auto routes =
      json::parse_list(run_tool("ip", {"-json", "-4", "route", "show", "root", network_of(subnet)}), "routes");
  for (const auto& route : routes) {
    const auto device = json::get_or<std::string>(route, "dev", "");
    if (device == bridge) continue;
    if (is_bridge_of_ours(device) && ports_of(device).empty()) {  // of a network whose end was missed
      delete_interface(device);
      continue;
    }
    throw Error(Errc::kInUse, "the addresses " + network_of(subnet) + " are used on interface " + text::quoted(device) +
                                  " already; set NetworkPool= to others: sdmed.conf(5) says how members get them");
  }
}

}  // namespace

std::string Subnet::str() const { return model::to_text(gateway) + "/" + std::to_string(prefix); }

Subnet Subnet::parse(std::string_view text) {
  const auto slash = text.find('/');
  in_addr address = {};
  const auto prefix = slash == std::string_view::npos ? std::nullopt : text::to_unsigned(text.substr(slash + 1));
  if (!prefix || *prefix > 30 || inet_pton(AF_INET, std::string(text.substr(0, slash)).c_str(), &address) != 1)
    throw Error(Errc::kCorrupt, text::quoted(text) + " is no address of a network");
  return {.gateway = ntohl(address.s_addr), .prefix = static_cast<std::uint8_t>(*prefix)};
}

std::string nft_rules(std::string_view instance, const Subnet& subnet) {
  const auto table = "table inet " + table_of(instance);
  const auto bridge = "\"" + bridge_of(instance) + "\"";
  // First an empty one, so that there is one to be replaced.
  return table + " {}\ndelete " + table + "\n" + table + " {\n" +
         "  chain postrouting {\n    type nat hook postrouting priority srcnat;\n    ip saddr " + network_of(subnet) +
         " oifname != " + bridge + " masquerade\n  }\n" +
         "  chain forward {\n    type filter hook forward priority filter;\n    oifname " + bridge +
         " iifname != " + bridge + " ct state established,related accept\n    oifname " + bridge +
         " iifname != " + bridge + " drop\n  }\n}\n";
}

std::string dnsmasq_conf(std::string_view instance, const Subnet& subnet) {
  const auto directory = directory_of(instance);
  const auto gateway = model::to_text(subnet.gateway);
  const auto domain = domain_of(instance);
  std::string conf =
      "# Written by sdmed.\n"
      "port=53\nbind-dynamic\ninterface=" +
      bridge_of(instance) +
      "\nexcept-interface=lo\n"
      "no-hosts\ndomain-needed\nbogus-priv\nlocal-ttl=5\nno-ping\n"
                     // The names are ours to give: a guest that says it is another is not believed.
      "dhcp-ignore-names\ndhcp-authoritative\nleasefile-ro\n"
      "dhcp-range=" +
      model::to_text(subnet.gateway - 1) +
      ",static,infinite\n"
      "dhcp-option=option:router," +
      gateway + "\ndhcp-option=option:dns-server," + gateway +
      "\n"
      "dhcp-hostsdir=" +
      directory + "/" + kAddresses + "\n";
  if (!domain.empty()) {
    conf += "hostsdir=" + directory + "/" + kHosts + "\nlocal=/" + domain + "/\ndomain=" + domain +
            "\ndhcp-option=option:domain-search," + domain + "\n";
  }
  return conf;
}

std::string resolv_conf(std::string_view instance, const Subnet& subnet) {
  const auto domain = domain_of(instance);
  return "# The host's, for this network.\nnameserver " + model::to_text(subnet.gateway) + "\n" +
         (domain.empty() ? "" : "search " + domain + "\n");
}

void bring_up(const std::string& instance) {
  require_tool("dnsmasq");  // which is run next, by systemd, whose words nobody waits for
  const auto subnet = subnet_of(instance);
  const auto bridge = bridge_of(instance);
  check_free(subnet, bridge);
  if (!has_interface(bridge)) run_ip({"link add " + bridge + " type bridge forward_delay 0"});
  run_ip({"address replace " + subnet.str() + " dev " + bridge, "link set " + bridge + " up"});
  run_nft(nft_rules(instance, subnet));
  allow_forwarding();
  const auto directory = os::Dir::open(directory_of(instance));
  directory.write(kDnsmasqConf, dnsmasq_conf(instance, subnet), 0644);
  directory.write(kResolvConf, resolv_conf(instance, subnet), 0644);
}

// Who takes a network down removes the bridge first, so that its rules stay away.
bool restore_rules(const std::string& instance) {
  if (!has_interface(bridge_of(instance))) return false;
  const auto listed = json::parse(run_tool("nft", {"-j", "list", "tables", "inet"}), "the list of nft");
  for (const auto& entry : listed.value("nftables", json::Value::array())) {
    if (entry.value("table", json::Value::object()).value("name", "") == table_of(instance)) return false;
  }
  run_nft(nft_rules(instance, subnet_of(instance)));
  return true;
}

bool has_ports(const std::string& instance) { return !ports_of(bridge_of(instance)).empty(); }

void take_down(const std::string& instance) {
  if (has_ports(instance)) return;
  forget_given(instance);
  delete_interface(bridge_of(instance));
  const auto table = "table inet " + table_of(instance);
  run_nft(table + " {}\ndelete " + table + "\n");
}

}  // namespace sdme::network
