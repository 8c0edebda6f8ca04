// SPDX-License-Identifier: MIT
#include "network/pod.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "model/record.hpp"
#include "network/link.hpp"
#include "network/names.hpp"
#include "network/namespace.hpp"
#include "network/ports.hpp"
#include "network/tool.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::network {

namespace {

constexpr const char* kLive = "live.json";  // the record as it was settled last
// What the proxies of a pod without a link connect to, beside its loopback, so that nobody looks local. Link-local,
// RFC 3927: each pod has the same, and none reaches another's.
constexpr const char* kOwnAddress = "169.254.77.1";
constexpr std::size_t kLongestRecord = 1U << 20U;

os::Dir directory_of_pod(const std::string& name) { return os::Dir::make(layout::pod_network(name), 0755); }

bool is_mounted(const std::string& name) {
  try {
    static_cast<void>(open_namespace(layout::pod_namespace(name)));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// This process comes back to the host's network: only the mount keeps the new one.
void make_namespace(const std::string& name) {
  const auto path = layout::pod_namespace(name);
  static_cast<void>(directory_of_pod(name).open_file(layout::kPodNamespace, O_RDONLY | O_CREAT, 0444));
  const auto outside = current_namespace();
  enter_new_namespace();
  run_ip({std::string("address add ") + kOwnAddress + "/32 dev lo"});
  if (mount("/proc/self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr) < 0)
    throw_errno("keeping the network of a pod");
  enter_namespace(outside);
}

std::optional<model::PodRecord> live_pod(const std::string& name) {
  const auto text = directory_of_pod(name).find_text(kLive, kLongestRecord);
  if (!text) return std::nullopt;
  return model::PodRecord::from_text(*text, "the live state of pod '" + name + "'");
}

// Written in place: members have the file itself mounted.
void tell_resolver(const std::string& name, const std::string& text) {
  const auto fd = directory_of_pod(name).open_file(layout::kPodResolvConf, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  os::write_all(fd.get(), text, "resolv.conf");
}

void attach(systemd::Pid1& pid1, const model::PodRecord& pod) {
  const auto& name = pod.name.str();
  if (!pod.network.is_ours()) return tell_resolver(name, "# This pod is not attached: there is no server.\n");
  const auto link = connect(pid1, pod.network,
                            {.key = key_of_pod(name), .name = name, .uuid = pod.uuid, .address = pod.network.address});
  const auto path = layout::pod_namespace(name);
  run_ip({"link set " + link.inner + " netns " + path + " name host0"});
  in_namespace(open_namespace(path), [&] { set_up("host0", pod.network); });
  const auto conf = os::UniqueFd(::open(link.resolv_conf.c_str(), O_RDONLY | O_CLOEXEC));
  if (!conf) throw_errno("opening " + link.resolv_conf);
  tell_resolver(name, os::read_all(conf.get(), kLongestRecord, "resolv.conf"));
}

Inside inside_of(const model::PodRecord& pod) {
  const auto& name = pod.name.str();
  const bool own = !pod.network.is_ours();
  return {.unit = layout::pod_unit(name),
          .name = "pod-" + name,
          .address = own ? kOwnAddress : model::to_text(pod.network.address),
          .namespace_path = own ? layout::pod_namespace(name) : ""};
}

// From what is there to what is wanted; nothing there is the record without link and ports.
void change(systemd::Pid1& pid1, const model::PodRecord& from, const model::PodRecord& to) {
  const bool moves = from.network != to.network;
  withdraw(pid1, inside_of(from).name, moves ? from.ports : missing_from(from.ports, to.ports));
  if (moves) {
    disconnect(pid1, key_of_pod(from.name.str()));
    attach(pid1, to);
  }
  publish(pid1, inside_of(to), moves ? to.ports : missing_from(to.ports, from.ports));
}

// Whoever runs and is in the pod, or has applications that may enter it.
bool has_members_up(systemd::Pid1& pid1, const std::string& pod) {
  const auto containers = os::Dir::open(layout::state(layout::kContainers));
  return std::ranges::any_of(containers.entries(), [&](const std::string& name) {
    const auto directory = containers.find_dir(name);
    const auto text = directory ? directory->find_text(layout::kRecord, kLongestRecord) : std::nullopt;
    if (!text) return false;
    const auto record = model::ContainerRecord::from_text(*text, "record of container '" + name + "'");
    return record.definition.pod() == pod && !pid1.service(layout::container_unit(name)).ended();
  });
}

}  // namespace

void settle_pod(systemd::Pid1& pid1, const model::PodRecord& wanted) {
  const auto& name = wanted.name.str();
  auto before = wanted;
  before.network = {.mode = model::Network::Mode::kPrivate};
  before.ports.clear();
  if (is_mounted(name)) {
    before = live_pod(name).value_or(before);
  } else {
    make_namespace(name);
    attach(pid1, before);
  }
  try {
    change(pid1, before, wanted);
  } catch (const Error&) {
    change(pid1, wanted, before);
    throw;
  }
  directory_of_pod(name).write(kLive, wanted.to_text(), 0600);
}

// Somebody may stop the unit while members are up. They could not follow to another namespace: this one stays, without
// what leads there, which the next start makes anew.
void take_down_pod(systemd::Pid1& pid1, const std::string& name) {
  auto live = live_pod(name);
  if (live && has_members_up(pid1, name)) {
    live->network = {.mode = model::Network::Mode::kPrivate};
    live->ports.clear();
    return settle_pod(pid1, *live);
  }
  if (live) {
    withdraw(pid1, inside_of(*live).name, live->ports);
    disconnect(pid1, key_of_pod(name));
  }
  if (is_mounted(name) && umount2(layout::pod_namespace(name).c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
    throw_errno("letting the network of a pod go");
  os::tree_remove(os::Dir::open(layout::kPodNetworks), name);
}

model::PodRecord stored_pod(const std::string& name) {
  const auto checked = model::PodName::parse(name).str();
  const auto pods = os::Dir::open(layout::state(layout::kPods));
  return model::PodRecord::from_text(pods.read(checked + ".json", kLongestRecord), "record of pod '" + checked + "'");
}

}  // namespace sdme::network
