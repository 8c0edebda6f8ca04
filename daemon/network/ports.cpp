// SPDX-License-Identifier: MIT
#include "network/ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/error.hpp"
#include "base/text.hpp"
#include "network/tool.hpp"
#include "os/unique_fd.hpp"
#include "store/layout.hpp"

namespace sdme::network {

namespace {

using model::Port;
using systemd::Property;

constexpr const char* kSuffix = ".socket";
constexpr std::uint32_t kBacklog = 4096;
constexpr std::chrono::seconds kPatience{10};

bool has_ipv6() { return access("/proc/net/if_inet6", F_OK) == 0; }

// One socket hears both kinds of addresses.
bool hears_both(const Port& port) { return port.address.empty(); }

std::string host_address(const Port& port) {
  if (!port.address.empty()) return port.address;
  return has_ipv6() ? "::" : "0.0.0.0";
}

std::string listen_address(const Port& port) {
  const auto address = host_address(port);
  return (address.contains(':') ? "[" + address + "]" : address) + ":" + std::to_string(port.host);
}

// "users:(("nginx",pid=7,fd=6))" is what ss(8) shows of a holder. It may be a client, too, whose own end the kernel gave
// that number.
std::string holder_of(const Port& port) {
  const auto* protocol = port.protocol == Port::Protocol::kTcp ? "-t" : "-u";
  try {
    for (const char* which : {"-l", "-a"}) {
      const auto listed = run_tool("ss", {"-H", which, "-n", "-p", protocol, "sport = :" + std::to_string(port.host)});
      const auto begin = listed.find("((\"");
      const auto end = begin == std::string::npos ? begin : listed.find('"', begin + 3);
      if (end != std::string::npos) return text::printable(listed.substr(begin + 3, end - begin - 3));
    }
  } catch (const Error&) {
  }
  return "another program";
}

sockaddr_storage to_sockaddr(const Port& port, socklen_t& length) {
  sockaddr_storage storage = {};
  const auto address = host_address(port);
  if (address.contains(':')) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port.host);
    inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    length = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port.host);
    inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    length = sizeof v4;
  }
  return storage;
}

// systemd would only say that the unit failed.
void check_free(const Port& port) {
  socklen_t length = 0;
  const auto address = to_sockaddr(port, length);
  const int type = port.protocol == Port::Protocol::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  const os::UniqueFd fd(socket(address.ss_family, type | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("making a socket");
  const int yes = 1;
  if (type == SOCK_STREAM) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.ss_family == AF_INET6 && !hears_both(port))
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  const bool bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     (type == SOCK_DGRAM || listen(fd.get(), 1) == 0);
  if (bound) return;
  if (errno == EADDRINUSE)
    throw Error(Errc::kInUse, "port " + port.str() + " is taken on this host, by " + holder_of(port));
  if (errno == EADDRNOTAVAIL)
    throw Error(Errc::kInvalidArgument, "port " + port.str() + " cannot be published: this host has no such address");
  throw_errno("listening on port " + port.str());
}

std::string service_of(const std::string& socket) {
  return socket.substr(0, socket.size() - std::string_view(kSuffix).size()) + ".service";
}

// The proxy talks to strangers on both sides: it is nobody, and sees nothing.
std::vector<Property> proxy_properties(const Inside& inside) {
  std::vector<Property> properties = {
      {"Type", std::string("exec")},
      {"CollectMode", std::string("inactive-or-failed")},
      {"StartLimitIntervalUSec", std::uint64_t{0}},  // one that died some times is still started for the next client
      {"BindsTo", std::vector<std::string>{inside.unit}},
      {"DynamicUser", true},
      {"NoNewPrivileges", true},
      {"CapabilityBoundingSet", std::uint64_t{0}},
      {"ProtectSystem", std::string("strict")},
      {"ProtectHome", std::string("yes")},
      {"ProtectProc", std::string("invisible")},
      {"ProcSubset", std::string("pid")},
      {"PrivateTmp", true},
      {"PrivateDevices", true},
      {"PrivateIPC", true},
      {"ProtectControlGroups", true},
      {"ProtectKernelTunables", true},
      {"ProtectKernelModules", true},
      {"ProtectKernelLogs", true},
      {"ProtectHostname", true},
      {"ProtectClock", true},
      {"RestrictNamespaces", std::uint64_t{0}},
      {"RestrictRealtime", true},
      {"LockPersonality", true},
      {"MemoryDenyWriteExecute", true},
      {"MemoryMax", std::uint64_t{256} << 20U},
      {"TasksMax", std::uint64_t{8}},
      {"LimitNOFILE", std::uint64_t{65536}},
      {"SystemCallArchitectures", std::vector<std::string>{"native"}},
      {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX", "AF_INET", "AF_INET6"}}},
      {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}},
      {"SyslogIdentifier", std::string("sdme-proxy")}};
  if (!inside.namespace_path.empty()) properties.push_back({"NetworkNamespacePath", inside.namespace_path});
  return properties;
}

systemd::TransientSocket socket_of(const Inside& inside, const Port& port) {
  const auto unit = port_unit(inside.name, port);
  const auto described = "Port " + port.str() + " of " + inside.name;
  const bool stream = port.protocol == Port::Protocol::kTcp;
  return {.name = unit,
          .description = described,
          .listen = {{stream ? "Stream" : "Datagram", listen_address(port)}},
          .properties = {{"DefaultDependencies", false},
                         {"BindsTo", std::vector<std::string>{inside.unit}},
                         {"CollectMode", std::string("inactive-or-failed")},
                         {"Backlog", kBacklog},
                         {"BindIPv6Only", std::string(hears_both(port) ? "both" : "ipv6-only")}},
          .service = {
              .name = service_of(unit),
              .description = described,
              .argv = {std::string(layout::kPrograms) + "/sdme-proxy", inside.address, std::to_string(port.container)},
              .properties = proxy_properties(inside),
              .fds = {}}};
}

void await_listening(systemd::Pid1& pid1, const std::string& unit) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto state = pid1.active_state(unit); state != "active"; state = pid1.active_state(unit)) {
    if (state == "failed" || std::chrono::steady_clock::now() >= deadline)
      throw Error(Errc::kNetworkFailed,
                  "systemd does not listen for " + unit + ": 'journalctl -u " + unit + "' says why");
    pid1.await_change(unit, deadline);
  }
}

void await_end(systemd::Pid1& pid1, const std::string& unit) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto state = pid1.active_state(unit); state != "inactive" && state != "failed";
       state = pid1.active_state(unit)) {
    if (std::chrono::steady_clock::now() >= deadline) throw Error(Errc::kTimedOut, unit + " did not end in time");
    pid1.await_change(unit, deadline);
  }
}

}  // namespace

Inside inside_of_container(const std::string& name, std::uint32_t address) {
  return {.unit = layout::container_unit(name), .name = name, .address = model::to_text(address), .namespace_path = ""};
}

std::string port_unit(const std::string& name, const Port& port) {
  const auto address = port.address.empty() ? "" : port.address + "-";
  return "sdme-port-" + name + "-" + address + std::to_string(port.host) + "-" + std::string(port.protocol_word()) +
         kSuffix;
}

std::vector<Port> missing_from(const std::vector<Port>& these, const std::vector<Port>& those) {
  std::vector<Port> missing;
  std::ranges::copy_if(these, std::back_inserter(missing),
                       [&](const Port& port) { return !std::ranges::contains(those, port); });
  return missing;
}

void publish(systemd::Pid1& pid1, const Inside& inside, const std::vector<Port>& ports) {
  for (const auto& port : ports) withdraw(pid1, inside.name, {port});  // of an earlier run, where its end was missed
  for (const auto& port : ports) check_free(port);
  std::vector<Port> begun;
  try {
    for (const auto& port : ports) {
      pid1.start(socket_of(inside, port));
      begun.push_back(port);
    }
    for (const auto& port : ports) await_listening(pid1, port_unit(inside.name, port));
  } catch (const Error&) {
    for (const auto& port : begun) pid1.stop(port_unit(inside.name, port));  // one that systemd has yet to start, too
    withdraw(pid1, inside.name, begun);
    throw;
  }
}

void withdraw(systemd::Pid1& pid1, const std::string& name, const std::vector<Port>& ports) {
  for (const auto& port : ports) {
    const auto unit = port_unit(name, port);
    // Connections that are open end with the service; and it has the listening socket, too.
    std::vector<std::string> parts = {unit, service_of(unit)};
    std::erase_if(parts, [&](const std::string& part) { return pid1.active_state(part) == "inactive"; });
    for (const auto& part : parts) pid1.stop(part);
    for (const auto& part : parts) await_end(pid1, part);
    for (const auto& part : parts) pid1.reset_failed(part);
  }
}

// One that is published otherwise than before is free only when the old one has gone.
void republish(systemd::Pid1& pid1, const Inside& inside, const std::vector<Port>& from, const std::vector<Port>& to) {
  const auto gone = missing_from(from, to);
  withdraw(pid1, inside.name, gone);
  try {
    publish(pid1, inside, missing_from(to, from));
  } catch (const Error&) {
    publish(pid1, inside, gone);
    throw;
  }
}

}  // namespace sdme::network
