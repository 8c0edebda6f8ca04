// SPDX-License-Identifier: MIT
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "machine/binds.hpp"
#include "machine/former_names.hpp"
#include "machine/registration.hpp"
#include "machine/resources.hpp"
#include "machine/root.hpp"
#include "machine/written.hpp"
#include "model/record.hpp"
#include "network/link.hpp"
#include "network/namespace.hpp"
#include "network/ports.hpp"
#include "nspawn/command.hpp"
#include "nspawn/environment.hpp"
#include "os/apparmor.hpp"
#include "os/dir.hpp"
#include "quota/quota.hpp"
#include "store/layout.hpp"
#include "systemd/pid1.hpp"

// sdme-init NAME: the process of sdme-container@NAME.service. It mounts what the record says and
// becomes systemd-nspawn. Needs no daemon and no bus, so that containers start at boot.
namespace sdme {

namespace {

constexpr std::size_t kLongestRecord = 4 * 1024 * 1024;
constexpr const char* kSystemBus = "/run/dbus/system_bus_socket";
constexpr std::uint64_t kBarrierUsec = 5'000'000;

// On our own unit: it holds all that we become and start. What an earlier start set is still there.
void limit(const model::ContainerRecord& record) {
  const auto unit = layout::container_unit(record.name.str());
  const bool were_set = access((std::string(layout::kUnitControl) + "/" + unit + ".d").c_str(), F_OK) == 0;
  if (record.definition.limits == model::Limits{} && !were_set) return;
  systemd::Pid1::of_host().set_properties(unit, machine::resource_properties(record.definition.limits));
}

// Connections are accepted before anybody answers them: they wait, and none is refused while the guest boots.
void connect(const model::ContainerRecord& record, nspawn::Start& start) {
  if (!record.definition.network.is_ours()) return;
  auto pid1 = systemd::Pid1::of_host();
  const auto link = network::connect_container(pid1, record);
  start.interface = link.inner;
  start.resolv_conf = link.resolv_conf;
  const auto inside = network::inside_of_container(record.name.str(), record.definition.network.address);
  network::publish(pid1, inside, record.definition.ports);
}

// The network of a pod, which stands before its first member starts and after its last. One that only OCI applications
// are in is shown to the guest, whose systemd has them enter it.
void join(const model::ContainerRecord& record, nspawn::Start& start) {
  const auto& pod = record.definition.pod();
  if (pod.empty()) return;
  auto pid1 = systemd::Pid1::of_host();
  network::start_unit(pid1, layout::pod_unit(pod));
  const auto space = network::open_namespace(layout::pod_namespace(pod));
  if (pod == record.definition.oci_pod) return;
  network::enter_namespace(space);
  start.resolv_conf = layout::pod_resolv_conf(pod);
}

void tell_environment(const std::vector<std::string>& environment) {
  if (environment.empty()) return;
  const auto place = os::Dir::open(layout::runtime(layout::kInitMounts));
  place.write(layout::kInitEnvironment, nspawn::manager_conf(environment), 0644);  // the guest reads it as another user
}

// What the exec below this gets.
void confine(const model::AppArmorChoice& choice) {
  if (choice.name.empty()) return;
  if (choice.is_optional && !os::has_apparmor()) {
    return log::info("this host has no AppArmor, so profile " + text::quoted(choice.name) + " is not used");
  }
  os::confine_next_program(choice.name);
}

[[noreturn]] void run(const char* name_text) {
  const auto name = model::ContainerName::parse(name_text);
  const auto directory = os::Dir::open(layout::container(name.str()));
  os::Dir::make(layout::runtime(layout::kHealth), 0700).remove(name.str() + ".json");  // of an earlier run
  directory.remove(layout::kFormerFeatures);  // before the record is read: what is taken from it later counts for us
  auto record = model::ContainerRecord::from_text(directory.read(layout::kRecord, kLongestRecord),
                                                  "record of container '" + name.str() + "'");
  record.name = name;  // a crash in the middle of a rename leaves the former one in there
  const auto written = machine::written_of(name.str());
  const auto disk = record.definition.limits.disk;
  if (disk) {
    quota::check_held(written);
    quota::limit(written, std::nullopt);  // one that is full must start, to be emptied
  }
  machine::tell_new_name(directory, written, name.str());
  machine::unregister_last_run(name.str());
  if (record.definition.ephemeral) directory.write(layout::kRan, "", 0600);
  limit(record);
  auto root = machine::mount_root(record);
  machine::check_init(root.directory);
  nspawn::Start start = {.directory = root.directory, .registers = access(kSystemBus, F_OK) == 0};
  if (root.range) start.uid_base = root.range->base;
  start.bind_sources = machine::mount_binds(record, root);
  tell_environment(record.definition.environment);
  if (disk) quota::limit(written, disk);
  const auto& network = record.definition.network;
  network::check_host_side(network);
  connect(record, start);
  join(record, start);
  const bool has_link = network.is_ours() || network.mode == model::Network::Mode::kBridge ||
                        network.mode == model::Network::Mode::kMacvlan;
  start.starts_networkd = has_link && machine::has_networkd(root.directory);
  const auto command = nspawn::command_of(record, start);
  std::vector<char*> argv;
  for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  confine(model::AppArmorChoice(record.definition.security.apparmor_profile));
  execv(argv[0], argv.data());
  throw_errno("running " + command.front());
}

// The sentence goes to the journal, and to PID 1 where the worker that waits finds it.
int fail(const std::string& message) {
  static_cast<void>(std::fprintf(stderr, "%s\n", message.c_str()));
  sd_notify(0, ("STATUS=" + message.substr(0, message.find('\n'))).c_str());
  sd_notify_barrier(0, kBarrierUsec);  // else PID 1 might hear of our end first
  return EXIT_FAILURE;
}

}  // namespace

}  // namespace sdme

int main(int argc, char** argv) {
  if (argc != 2) return sdme::fail("usage: sdme-init NAME");
  try {
    sdme::run(argv[1]);
  } catch (const sdme::Error& error) {
    return sdme::fail(error.message());
  }
}
