// SPDX-License-Identifier: MIT
#include "network/link.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "network/bridge.hpp"
#include "network/names.hpp"
#include "network/namespace.hpp"
#include "network/tool.hpp"
#include "os/process.hpp"
#include "store/layout.hpp"

namespace sdme::network {

namespace {

constexpr std::chrono::seconds kPatience{30};

// It would try again and again; whoever waits is told now. Its own sentence is what it said last.
[[noreturn]] void give_up(systemd::Pid1& pid1, const std::string& unit, const systemd::ServiceState& state) {
  pid1.stop(unit);
  pid1.reset_failed(unit);
  const auto& said = state.status_text;
  throw Error(Errc::kNetworkFailed,
              "the network did not come up: " + (said.empty() ? "'journalctl -u " + unit + "' says why" : said));
}

template <typename Done>
void await(systemd::Pid1& pid1, const std::string& unit, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto state = pid1.service(unit); !done(state); state = pid1.service(unit)) {
    // While a job is queued, what is seen is how an earlier run ended: a stop that met a reload, for one.
    const bool has_failed = state.active == "failed" || state.sub == "auto-restart";
    if (has_failed && !state.queued && !done(state)) give_up(pid1, unit, state);
    if (std::chrono::steady_clock::now() >= deadline) throw Error(Errc::kTimedOut, unit + " did not answer in time");
    pid1.await_change(unit, deadline);
  }
}

// One end takes the other with it. systemd-nspawn gives the inner one back when it ends, if it has the time.
void remove_link(const std::string& uuid) {
  for (const auto& end : {outer_end(uuid), inner_end(uuid)}) delete_interface(end);
}

void make_link(const std::string& uuid, const std::string& instance) {
  const auto outer = outer_end(uuid);
  const auto inner = inner_end(uuid);
  remove_link(uuid);  // of an earlier run
  // On a link nobody else is seen: the bridge passes nothing from one such port to another.
  const bool alone = instance == instance_of({.mode = model::Network::Mode::kVeth});
  run_ip({"link add " + outer + " type veth peer name " + inner + " address " + mac_of(uuid),
          "link set " + outer + " master " + bridge_of(instance),
          "link set " + outer + " type bridge_slave isolated " + (alone ? "on" : "off"), "link set " + outer + " up"});
}

constexpr const char* kInside = "host0";  // what the guest calls its end

// In this process's network. One that is not there is nobody's to take up.
bool is_down(const std::string& interface) {
  const os::UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("making a socket");
  ifreq request = {};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0;
}

// The end waits in the host's network; only from there can it be handed over.
void take_inside(const std::string& inner, const model::Network& network) {
  const auto outside = current_namespace();
  enter_new_namespace();
  const auto us = std::to_string(getpid());
  in_namespace(outside, [&] { run_ip({"link set " + inner + " netns " + us + " name " + kInside}); });
  set_up(kInside, network);
}

bool is_bridge(const std::string& name) { return access(("/sys/class/net/" + name + "/bridge").c_str(), F_OK) == 0; }

}  // namespace

void stop_unit(systemd::Pid1& pid1, const std::string& unit) {
  pid1.stop(unit);
  await(pid1, unit, [](const systemd::ServiceState& state) { return state.ended(); });
}

// A start also takes back a stop that systemd has not begun yet.
void start_unit(systemd::Pid1& pid1, const std::string& unit) {
  pid1.start(unit);
  await(pid1, unit, [](const systemd::ServiceState& state) { return state.running() && !state.queued; });
}

Link connect(systemd::Pid1& pid1, const model::Network& network, const Member& member) {
  const auto instance = instance_of(network);
  const auto lock = lock_network(instance);
  const auto knowledge = enter(instance, {.gateway = network.gateway(), .prefix = network.prefix}, member);
  if (knowledge == Knowledge::kOutdated) stop_unit(pid1, unit_of(instance));
  start_unit(pid1, unit_of(instance));
  remember(instance, member);
  make_link(member.uuid, instance);
  return {.inner = inner_end(member.uuid), .resolv_conf = directory_of(instance) + "/" + kResolvConf};
}

Link connect_container(systemd::Pid1& pid1, const model::ContainerRecord& record) {
  const auto& network = record.definition.network;
  const auto& name = record.name.str();
  auto link = connect(pid1, network, {.key = name, .name = name, .uuid = record.uuid, .address = network.address});
  if (record.definition.needs_setup()) {
    take_inside(link.inner, network);
    link.inner.clear();
  } else {
    pid1.start("sdme-link@" + name + ".service");  // waits until we are up
  }
  return link;
}

void finish_link(systemd::Pid1& pid1, const std::string& container) {
  const auto network = find_network(container);
  const auto guest = network ? os::find_init(pid1.service(layout::container_unit(container)).main_pid) : std::nullopt;
  if (!guest) return;
  in_namespace(guest->fd, [&] {
    if (is_down(kInside)) set_up(kInside, *network);
  });
}

void check_host_side(const model::Network& network) {
  const bool wants_bridge = network.mode == model::Network::Mode::kBridge;
  if (!wants_bridge && network.mode != model::Network::Mode::kMacvlan) return;
  const auto name = text::quoted(network.name);
  if (!has_interface(network.name)) {
    throw Error(Errc::kNotFound, "this host has no " + std::string(wants_bridge ? "bridge " : "network interface ") +
                                     name + ": make it, or give the container another network");
  }
  if (wants_bridge && !is_bridge(network.name)) {
    throw Error(Errc::kInvalidArgument,
                "interface " + name + " of this host is no bridge: name one that is, or take --network-macvlan");
  }
  if (wants_bridge && is_bridge_of_ours(network.name)) {
    throw Error(Errc::kInvalidArgument, name + " is the bridge of a network of sdmed's own, which --network-veth and " +
                                            "--network-zone lead to");
  }
}

void disconnect(systemd::Pid1& pid1, const std::string& key) {
  const auto membership = find_membership(key);
  if (!membership) return;
  const auto& instance = membership->instance;
  const auto lock = lock_network(instance);
  remove_link(membership->uuid);
  leave(instance, key);
  // dnsmasq hears of new files by itself, and of those that went when it is told.
  has_ports(instance) ? pid1.reload(unit_of(instance)) : pid1.stop(unit_of(instance));
}

}  // namespace sdme::network
