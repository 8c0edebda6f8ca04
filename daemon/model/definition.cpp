// SPDX-License-Identifier: MIT
#include "model/definition.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "model/path.hpp"
#include "model/pod.hpp"

namespace sdme::model {

namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kLongestAssignment = 32 * 1024;
constexpr std::size_t kLongestEnvironment = 256 * 1024;  // every program inside has to be started with it
// By these a guest's init hears how it was booted: it would wait for ever, or take itself for something else.
constexpr std::array<std::string_view, 8> kOfBoot = {"NOTIFY_SOCKET", "LISTEN_FDS",   "LISTEN_PID", "LISTEN_FDNAMES",
                                                     "WATCHDOG_USEC", "WATCHDOG_PID", "container",  "container_uuid"};
constexpr const char* kNetAdmin = "CAP_NET_ADMIN";
constexpr const char* kNetRaw = "CAP_NET_RAW";
constexpr const char* kSysAdmin = "CAP_SYS_ADMIN";

[[noreturn]] void refuse(const std::string& why) { throw Error(Errc::kInvalidArgument, why); }

void check_ports(const Definition& definition) {
  const auto& network = definition.network;
  if (definition.ports.empty() || network.is_ours()) return;
  if (network.mode == Network::Mode::kPod) refuse("a member of a pod publishes no ports: they are the pod's");
  if (network.is_hosts()) refuse("on the host's network a container's ports are the host's already: publish none");
  refuse("a port needs a network that the host gives addresses in: veth or zone, and not " + network.str());
}

void check_binds(const std::vector<Bind>& binds) {
  std::set<std::string> destinations;
  for (const auto& bind : binds) {
    if (!destinations.insert(bind.destination).second)
      refuse("two binds have the destination " + text::quoted(bind.destination));
  }
}

void check_environment_size(const Strings& environment) {
  std::size_t size = 0;
  for (const auto& assignment : environment) size += assignment.size();
  if (size <= kLongestEnvironment) return;
  refuse("the variables have " + std::to_string(size) + " bytes in all, and a guest takes " +
         std::to_string(kLongestEnvironment));
}

// Where the host gives no address, the guest's own network manager asks for one.
void check_link(const Definition& definition) {
  const auto& network = definition.network;
  const bool manages = network.mode == Network::Mode::kBridge || network.mode == Network::Mode::kMacvlan;
  if (manages && std::ranges::contains(definition.security.drop_capabilities, kNetAdmin)) {
    refuse("on " + network.str() + " the guest sets its interface up, which it cannot without " + kNetAdmin +
           ": give it that, or take veth or zone");
  }
}

// systemd-nspawn leaves it to a guest whose network it makes itself, and gives it to one that is to have it.
bool has_net_admin(const Definition& definition) {
  const auto& security = definition.security;
  if (std::ranges::contains(security.capabilities, kNetAdmin)) return true;
  const bool made_before = definition.network.is_ours() && definition.needs_setup();
  return !made_before && !std::ranges::contains(security.drop_capabilities, kNetAdmin);
}

// The guest's systemd moves applications into the pod's network, by setns(2). Where that may not do it, it runs them
// outside of the pod, or not at all.
void check_oci_pod(const Definition& definition) {
  if (definition.oci_pod.empty()) return;
  const auto& network = definition.network;
  const auto& security = definition.security;
  if (network.mode == Network::Mode::kPod)
    refuse("a container is in a pod as a whole or with its OCI applications alone, which --oci-pod '' takes back");
  if (network.is_hosts())
    refuse("from the host's network no application gets into a pod: add --private-network or another of its own");
  if (definition.userns)
    refuse("from a user namespace no application gets into a pod: add --no-userns, which takes an administrator");
  const bool has_sys_admin = !std::ranges::contains(security.drop_capabilities, kSysAdmin);
  if (!has_sys_admin || !has_net_admin(definition)) {
    refuse("without " + std::string(has_sys_admin ? kNetAdmin : kSysAdmin) +
           " inside no application gets into a pod: give the container that with --capability");
  }
  for (const auto* call : {"~setns", "~@process", "~@known"}) {
    if (std::ranges::contains(security.system_call_filter, call))
      refuse("without the system call setns no application gets into a pod: do not forbid " + text::quoted(call + 1));
  }
}

template <typename T, typename Make>
json::Value list_of(const std::vector<T>& items, Make make) {
  auto list = json::Value::array();
  for (const auto& item : items) list.push_back(make(item));
  return list;
}

// What version 1 said of the network was one truth value.
Network network_of(const json::Value& value) {
  if (value.contains("network")) return Network::from_json(value.at("network"));
  const bool own = json::get<bool>(value, "private_network");
  return {.mode = own ? Network::Mode::kPrivate : Network::Mode::kHost};
}

std::vector<Port> ports_of(const json::Value& value) {
  std::vector<Port> ports;
  for (const auto& text : json::get_or<Strings>(value, "ports", {})) ports.push_back(Port::parse(text));
  return ports;
}

std::vector<Bind> binds_of(const json::Value& value) {
  std::vector<Bind> binds;
  for (const auto& item : value.value("binds", json::Value::array())) binds.push_back(Bind::from_json(item));
  return binds;
}

}  // namespace

std::vector<std::string> Definition::host_features() const {
  Strings features;
  if (host_clone) features.emplace_back("host-clone");
  if (network.is_hosts()) features.emplace_back("host-network");
  if (network.mode == Network::Mode::kBridge || network.mode == Network::Mode::kMacvlan)
    features.push_back(network.str());
  if (!userns) features.emplace_back("no-user-namespace");
  for (const auto& bind : binds) {
    // One path cannot be written so that it looks like another that is read-only: a grant is known again by its words.
    if (!bind.is_volume())
      features.push_back("bind:" + text::escape_colons(bind.source) + (bind.writable ? "" : ":ro"));
    if (bind.devices) features.push_back("devices:" + bind.source);
    if (bind.setuid) features.push_back("setuid:" + bind.source);
  }
  for (const auto& port : ports) {
    if (port.is_reserved()) features.push_back("port:" + std::to_string(port.host));
  }
  for (const auto& capability : security.capabilities) {
    const bool is_own = is_usual_capability(capability) || (capability == kNetAdmin && !network.is_hosts());
    if (!is_own) features.push_back("capability:" + capability);
  }
  for (const auto& call : security.system_call_filter) {
    if (!call.starts_with('~')) features.push_back("system-call:" + call);
  }
  if (AppArmorChoice(security.apparmor_profile).is_unconfined()) features.emplace_back("unconfined");
  return features;
}

const std::string& Definition::pod() const { return network.mode == Network::Mode::kPod ? network.name : oci_pod; }

bool Definition::needs_setup() const {
  return std::ranges::any_of(security.drop_capabilities, [](const std::string& capability) {
    return capability == kNetAdmin || capability == kNetRaw;
  });
}

void Definition::check() const {
  check_ports(*this);
  check_collisions(ports);
  check_binds(binds);
  check_environment_size(environment);
  check_link(*this);
  check_oci_pod(*this);
  security.check();
  limits.check();
  if (ephemeral && is_protected) refuse("what is removed when it stops cannot be protected from removal");
  if (ephemeral && restart != Restart::kNo) refuse("what is removed when it stops cannot be restarted");
}

json::Value Definition::to_json() const {
  return {{"host_clone", host_clone},
          {"network", network.to_json()},
          {"oci_pod", oci_pod},
          {"userns", userns},
          {"opaque_dirs", opaque_dirs},
          {"masked_services", masked_services},
          {"ports", list_of(ports, [](const Port& port) { return port.str(); })},
          {"binds", list_of(binds, [](const Bind& bind) { return bind.to_json(); })},
          {"environment", environment},
          {"limits", limits.to_json()},
          {"security", security.to_json()},
          {"restart", word(restart)},
          {"requirements", requirements},
          {"protected", is_protected},
          {"ephemeral", ephemeral}};
}

Definition Definition::from_json(const json::Value& value) {
  return {.host_clone = json::get<bool>(value, "host_clone"),
          .network = network_of(value),
          .oci_pod = parse_oci_pod(json::get_or<std::string>(value, "oci_pod", "")),
          .userns = json::get<bool>(value, "userns"),
          .opaque_dirs = json::get<Strings>(value, "opaque_dirs"),
          .masked_services = json::get<Strings>(value, "masked_services"),
          .ports = ports_of(value),
          .binds = binds_of(value),
          .environment = json::get_or<Strings>(value, "environment", {}),
          .limits = value.contains("limits") ? Limits::from_json(value.at("limits")) : Limits{},
          .security = value.contains("security") ? Security::from_json(value.at("security")) : Security{},
          .restart = parse_restart(json::get_or<std::string>(value, "restart", "no")),
          .requirements = json::get_or<Strings>(value, "requirements", {}),
          .is_protected = json::get_or<bool>(value, "protected", false),
          .ephemeral = json::get_or<bool>(value, "ephemeral", false)};
}

void check_opaque_dir(const std::string& path) { check_path(path, "opaque directory"); }

void check_unit_name(const std::string& name) {
  constexpr std::array kSuffixes = {".service", ".socket", ".target", ".timer",  ".path",
                                    ".mount",   ".swap",   ".slice",  ".device", ".automount"};
  const bool known = std::ranges::any_of(
      kSuffixes, [&](std::string_view suffix) { return name.ends_with(suffix) && name.size() > suffix.size(); });
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ':' || c == '-' || c == '_' || c == '.' || c == '\\' || c == '@';
  });
  if (!known || !plain || name.size() > 255)
    refuse(text::quoted(name) + " is not the name of a unit, such as 'cron.service'");
}

void check_environment(const std::string& assignment) {
  const auto end = assignment.find('=');
  const auto name = assignment.substr(0, end);
  const bool named = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                     std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  const bool plain =
      std::ranges::none_of(assignment, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  if (end == std::string::npos || !named) refuse(text::quoted(assignment) + " is not of the form NAME=VALUE");
  if (!plain || assignment.size() > kLongestAssignment)
    refuse("the value of the variable " + name + " is too long or has control characters");
  if (std::ranges::contains(kOfBoot, name)) refuse("the variable " + name + " is set by what boots the guest");
}

std::string parse_oci_pod(std::string_view name) { return name.empty() ? "" : PodName::parse(name).str(); }

Definition::Restart parse_restart(std::string_view word) {
  if (word == "no") return Definition::Restart::kNo;
  if (word == "on-failure") return Definition::Restart::kOnFailure;
  refuse(text::quoted(word) + " is no way to restart: no, on-failure");
}

std::string_view word(Definition::Restart restart) {
  return restart == Definition::Restart::kOnFailure ? "on-failure" : "no";
}

}  // namespace sdme::model
