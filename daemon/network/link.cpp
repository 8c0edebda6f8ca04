// SPDX-License-Identifier: MIT
#include "network/link.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "network/bridge.hpp"
#include "network/names.hpp"
#include "network/tool.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "os/process.hpp"

namespace sdme::network {

namespace {

constexpr std::chrono::seconds kPatience{30};

template <typename Done>
void await(systemd::Pid1& pid1, const std::string& unit, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto state = pid1.service(unit); !done(state); state = pid1.service(unit)) {
    if (state.active == "failed" && !state.queued) {
      throw Error(Errc::kNetworkFailed,
                  "the network of the container did not come up: 'journalctl -u " + unit + "' says why");
    }
    if (std::chrono::steady_clock::now() >= deadline) throw Error(Errc::kTimedOut, unit + " did not answer in time");
    pid1.await_change(unit, deadline);
  }
}

// A start also takes back a stop that systemd has not begun yet.
void start(systemd::Pid1& pid1, const std::string& unit, Subnets subnets) {
  if (subnets == Subnets::kChanged) {
    pid1.stop(unit);
    await(pid1, unit, [](const systemd::ServiceState& state) { return state.ended(); });
  }
  pid1.start(unit);
  await(pid1, unit, [](const systemd::ServiceState& state) { return state.running() && !state.queued; });
}

// An end that an earlier run left takes the other end with it.
void make_link(const std::string& uuid, const std::string& instance) {
  const auto outer = outer_end(uuid);
  const auto inner = inner_end(uuid);
  for (const auto& end : {outer, inner}) {
    if (access(("/sys/class/net/" + end).c_str(), F_OK) == 0) run_ip({"link delete " + end});
  }
  // On a link nobody else is seen: the bridge passes nothing from one such port to another.
  const bool alone = instance == instance_of({.mode = model::Network::Mode::kVeth});
  run_ip({"link add " + outer + " type veth peer name " + inner + " address " + mac_of(uuid),
          "link set " + outer + " master " + bridge_of(instance),
          "link set " + outer + " type bridge_slave isolated " + (alone ? "on" : "off"), "link set " + outer + " up"});
}

void set(const char* path, std::string_view value) {
  const os::UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno(std::string("opening ") + path);
  os::write_all(fd.get(), value, path);
}

// The end waits in the host's network; only from there can it be handed over.
void take_inside(const std::string& inner, const model::Network& network) {
  const os::UniqueFd outside(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!outside) throw_errno("opening the host's network namespace");
  enter_new_namespace();
  const auto us = std::to_string(getpid());
  os::fds_from_child(kPatience, [&]() -> std::vector<os::UniqueFd> {
    if (setns(outside.get(), CLONE_NEWNET) < 0) throw_errno("entering the host's network namespace");
    run_ip({"link set " + inner + " netns " + us + " name host0"});
    return {};
  });
  run_ip({"address add " + model::to_text(network.address) + "/" + std::to_string(network.prefix) + " dev host0",
          "link set host0 up", "route add default via " + model::to_text(network.gateway())});
}

}  // namespace

void enter_new_namespace() {
  if (unshare(CLONE_NEWNET) < 0) throw_errno("making a network namespace");
  // Inside a user namespace nobody may bind these ports otherwise, nor ping: ip(7), icmp(7).
  set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  set("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
  run_ip({"link set lo up"});
}

bool needs_setup(const model::Definition& definition) {
  // What a DHCP client cannot do without.
  return std::ranges::any_of(definition.security.drop_capabilities, [](const std::string& capability) {
    return capability == "CAP_NET_ADMIN" || capability == "CAP_NET_RAW";
  });
}

Link connect(systemd::Pid1& pid1, const model::ContainerRecord& record) {
  const auto& network = record.definition.network;
  const auto instance = instance_of(network);
  const auto lock = lock_network(instance);
  const auto subnets = enter(instance, {.gateway = network.gateway(), .prefix = network.prefix},
                             {.name = record.name.str(), .uuid = record.uuid, .address = network.address});
  start(pid1, unit_of(instance), subnets);
  make_link(record.uuid, instance);
  Link link = {.inner = inner_end(record.uuid), .resolv_conf = directory_of(instance) + "/" + kResolvConf};
  if (needs_setup(record.definition)) {
    take_inside(link.inner, network);
    link.inner.clear();
  }
  return link;
}

void disconnect(systemd::Pid1& pid1, const std::string& name) {
  const auto instance = find_instance(name);
  if (!instance) return;
  const auto lock = lock_network(*instance);
  leave(*instance, name);
  // dnsmasq hears of new files by itself, and of those that went when it is told.
  has_ports(*instance) ? pid1.reload(unit_of(*instance)) : pid1.stop(unit_of(*instance));
}

}  // namespace sdme::network
