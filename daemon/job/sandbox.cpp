// SPDX-License-Identifier: MIT
#include "job/sandbox.hpp"

#include <linux/capability.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "store/layout.hpp"

namespace sdme::job {

namespace {

using systemd::Property;
using Properties = std::vector<Property>;

constexpr std::uint64_t kStopUsec = 5'000'000;  // between SIGTERM and SIGKILL of a cancelled worker
constexpr std::uint64_t kWorkerTasks = 32;
constexpr std::uint64_t kDiskTasks = 128;      // qemu reads with up to 64 threads
constexpr std::uint64_t kInstallTasks = 4096;  // of package managers

template <typename... Caps>
std::uint64_t capabilities(Caps... caps) {
  return ((std::uint64_t{1} << caps) | ... | 0);
}

std::uint64_t usec(std::chrono::seconds time) { return static_cast<std::uint64_t>(time.count()) * 1'000'000; }

void add(Properties& to, Properties more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void replace(Properties& in, Property with) {
  const auto found = std::ranges::find(in, with.first, &Property::first);
  *found = std::move(with);
}

// For every verb.
Properties common(const Record& record) {
  return {{"Type", std::string("exec")},
          {"CollectMode", std::string("inactive-or-failed")},
          {"TimeoutStopUSec", kStopUsec},
          {"KillMode", std::string("mixed")},
          {"UMask", std::uint32_t{0}},
          {"RestrictRealtime", true},
          {"LockPersonality", true},
          {"SyslogIdentifier", std::string("sdme-worker")},
          {"Environment", std::vector<std::string>{"SDME_JOB=" + std::to_string(record.id)}}};
}

// For every verb that runs no program but its own.
Properties own_program(const store::Settings& settings) {
  return {{"TasksMax", kWorkerTasks},
          {"MemoryMax", settings.worker_memory_max},  // a guest's answers are queued here
          {"NoNewPrivileges", true},
          {"MemoryDenyWriteExecute", true},
          {"SystemCallArchitectures", std::vector<std::string>{"native"}},
          {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX"}}}};
}

systemd::BindPaths same_places(const std::vector<std::string>& paths) {
  systemd::BindPaths same;
  for (const auto& path : paths) same.paths.push_back({path, path});
  return same;
}

// Reads and writes files and nothing else: no network, no other process, no path but its own.
Properties file_worker(std::uint64_t caps, const std::vector<std::string>& writable) {
  return {{"CapabilityBoundingSet", caps},
          {"PrivateNetwork", true},
          {"PrivateIPC", true},
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("tmpfs")},
          {"PrivateTmp", true},
          {"ProtectProc", std::string("invisible")},
          {"ReadOnlyPaths", std::vector<std::string>{"/run"}},
          {"ProtectControlGroups", true},
          {"ProtectKernelTunables", true},
          {"ProtectKernelModules", true},
          {"ProtectKernelLogs", true},
          {"ProtectHostname", true},
          {"ProtectClock", true},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}},
          {"TemporaryFileSystem", systemd::EmptyTrees{{layout::kState, layout::kRuntime, layout::kCache}}},
          {"BindPaths", same_places(writable)}};
}

std::string staging_of(const Record& record) {
  return layout::state(std::string(layout::kStaging) + "/" + std::to_string(record.id));
}

// Device nodes of images are made, of whatever kind, and not opened. ProtectClock= allows one device by name, and so
// forbids all others, unless they are named too.
systemd::DeviceRules made_nodes() { return {{{"block-*", "m"}, {"char-*", "m"}}}; }

Properties for_import(const Record& record, const std::string& out, const store::Settings& settings) {
  auto properties =
      file_worker(capabilities(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP, CAP_MKNOD),
                  {staging_of(record), out});
  add(properties,
      {{"RuntimeMaxUSec", usec(settings.import_max_time)},
       {"DevicePolicy", std::string("closed")},
       {"DeviceAllow", made_nodes()},
       {"BindReadOnlyPaths", same_places({layout::state(layout::kLayers)})}});  // new layers stand on old ones
  return properties;
}

// Mounts the file systems of a stranger's disk, read-only, where nobody else sees them, and starts qemu and tar with
// less than it has itself.
Properties for_disk(const Record& record, const std::string& out, const store::Settings& settings) {
  auto properties = file_worker(capabilities(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP,
                                             CAP_MKNOD, CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL),
                                {staging_of(record), out});
  replace(properties, {"RestrictNamespaces", std::uint64_t{CLONE_NEWNS | CLONE_NEWPID}});
  replace(properties, {"SystemCallFilter", systemd::AllowList{true, {"@system-service", "@mount"}}});
  auto devices = made_nodes();  // and of the host's only these are opened, its disks not
  for (auto rule : {systemd::DeviceRule{"/dev/loop-control", "rw"}, {"block-loop", "r"}, {"/dev/fuse", "rw"}}) {
    devices.rules.push_back(std::move(rule));
  }
  const std::vector<std::string> loop = {"modprobe@loop.service"};  // its devices have no name before it is loaded
  add(properties, {{"RuntimeMaxUSec", usec(settings.import_max_time)},
                   {"TasksMax", kDiskTasks},
                   {"DevicePolicy", std::string("closed")},
                   {"DeviceAllow", std::move(devices)},
                   {"Wants", loop},
                   {"After", loop}});
  return properties;
}

Properties for_trash(const Record& record, const std::string& out) {
  auto writable = json::get<std::vector<std::string>>(record.request, "trash");
  writable.push_back(out);
  return file_worker(capabilities(CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_LINUX_IMMUTABLE), writable);
}

// Whether the worker asks or tells the file system how much the container may write: quota/quota.hpp.
bool limits_disk(const Record& record) { return json::get_or(record.request, "limits_disk", false); }

// Sees the layers, and for a clone the host's files, read-only.
Properties for_create(const Record& record, const std::string& out) {
  auto caps = capabilities(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD);
  if (limits_disk(record)) caps |= capabilities(CAP_SYS_ADMIN);
  return {{"CapabilityBoundingSet", caps},
          {"PrivateNetwork", true},
          {"DevicePolicy", std::string("closed")},  // an image has device nodes where files should be
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("read-only")},
          {"ReadWritePaths", std::vector<std::string>{staging_of(record), out}},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service", "quotactl_fd"}}}};
}

// The directory of systemd's unit files, for those verbs alone that write a container's drop-in.
std::vector<std::string> unit_files(const Record& record) {
  const bool writes = record.verb == "update" || record.request.contains("drop_ins");
  return writes ? std::vector<std::string>{layout::kUnits} : std::vector<std::string>{};
}

// Talks to PID 1 and enters the guest's namespaces to talk to the guest's PID 1.
Properties for_machine(const Record& record, const std::string& out) {
  auto writable = unit_files(record);
  writable.push_back(out);
  if (limits_disk(record)) writable.push_back(layout::container(record.target));
  auto caps = capabilities(CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_CHOWN,
                           CAP_FOWNER, CAP_DAC_OVERRIDE);
  if (record.verb == "update") caps |= capabilities(CAP_NET_BIND_SERVICE);  // whether a port below 1024 is free
  return {{"CapabilityBoundingSet", caps},
          {"ProtectSystem", std::string("strict")},
          {"DevicePolicy", std::string("closed")},  // as above; terminals are among those left
          {"ReadWritePaths", std::move(writable)},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service", "@mount", "setns", "quotactl_fd"}}}};
}

// Runs a program that shows something of the host, and writes its result.
Properties for_showing(std::uint64_t caps, const std::string& out) {
  return {{"CapabilityBoundingSet", caps},
          {"PrivateDevices", true},
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("yes")},
          {"PrivateTmp", true},
          {"ReadWritePaths", std::vector<std::string>{out}},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}}};
}

// Builds a container with systemd-nspawn and runs foreign package managers in it: what holds those is
// that container. These lines hold what a mistake there would let through.
Properties for_provision(const Record& record, const std::string& out, const store::Settings& settings) {
  return {{"RuntimeMaxUSec", usec(settings.import_max_time)},
          {"MemoryMax", settings.install_memory_max},
          {"TasksMax", kInstallTasks},
          {"Delegate", true},
          {"DelegateSubgroup", std::string("supervisor")},
          // Those of systemd-nspawn; within the user namespace it gives other ones.
          {"CapabilityBoundingSet",
           capabilities(CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SETFCAP,
                        CAP_KILL, CAP_CHOWN, CAP_FOWNER, CAP_FSETID, CAP_DAC_OVERRIDE, CAP_MKNOD, CAP_NET_ADMIN)},
          {"DevicePolicy", std::string("closed")},
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("tmpfs")},
          {"PrivateTmp", true},
          {"PrivateIPC", true},
          {"ProtectKernelModules", true},
          {"ProtectKernelLogs", true},
          {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX", "AF_NETLINK", "AF_INET", "AF_INET6"}}},
          {"SystemCallFilter",
           systemd::AllowList{
               false, {"@clock", "@module", "@reboot", "@swap", "@raw-io", "@obsolete", "bpf", "perf_event_open"}}},
          {"SystemCallErrorNumber", std::int32_t{EPERM}},
          // Made where they are absent: the locks of user ids, and what systemd-nspawn itself keeps.
          {"RuntimeDirectory", std::vector<std::string>{"systemd/nspawn-uid", "systemd/nspawn"}},
          {"RuntimeDirectoryPreserve", std::string("yes")},
          {"TemporaryFileSystem", systemd::EmptyTrees{{layout::kState, layout::kRuntime, layout::kCache}}},
          {"BindReadOnlyPaths", same_places({layout::state(layout::kLayers)})},
          {"BindPaths", same_places({staging_of(record), out})}};
}

// Changes a pod while its members run: interfaces, addresses, names, ports.
void widen_for_pod(Properties& properties, const std::string& out) {
  replace(properties, {"CapabilityBoundingSet", capabilities(CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE,
                                                             CAP_DAC_OVERRIDE, CAP_SYS_PTRACE)});
  replace(properties, {"ReadWritePaths", std::vector<std::string>{out, layout::kPodNetworks, layout::kNetworks}});
}

}  // namespace

std::vector<Property> sandbox(const Record& record, const std::string& out, const store::Settings& settings) {
  auto properties = common(record);
  if (record.verb == "provision") {
    add(properties, for_provision(record, out, settings));
    return properties;
  }
  add(properties, own_program(settings));
  if (record.verb == "import") {
    add(properties, for_import(record, out, settings));
  } else if (record.verb == "disk") {
    add(properties, for_disk(record, out, settings));
  } else if (record.verb == "trash") {
    add(properties, for_trash(record, out));
  } else if (record.verb == "create") {
    add(properties, for_create(record, out));
  } else if (record.verb == "log") {
    add(properties, for_showing(0, out));  // journalctl(1)
    add(properties, {{"PrivateNetwork", true}});
  } else if (record.verb == "check") {
    // nft(8) shows the firewall to those alone who could change it.
    add(properties, for_showing(capabilities(CAP_NET_ADMIN), out));
    replace(properties, {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX", "AF_NETLINK"}}});
  } else {
    add(properties, for_machine(record, out));
    // Whether a port is free, and who has it: ss(8) asks by netlink.
    if (record.verb == "pod-update") widen_for_pod(properties, out);
    if (record.verb == "update" || record.verb == "pod-update") {
      replace(properties,
              {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}}});
    }
  }
  return properties;
}

// Talks to strangers on the network, so it is nobody: a user made for it, with no right and no file but what it was
// handed, and the host's own configuration of registries.
std::vector<Property> fetch_sandbox(const Record& record, const store::Settings& settings) {
  auto properties = file_worker(0, {json::get<std::string>(record.fetch, "blobs")});
  replace(properties, {"PrivateNetwork", false});
  add(properties, common(record));
  add(properties, own_program(settings));
  add(properties, {{"DynamicUser", true},
                   {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_INET", "AF_INET6"}}},
                   {"PrivateDevices", true},
                   {"ProcSubset", std::string("pid")},
                   {"RuntimeMaxUSec", usec(settings.import_max_time)}});
  const auto cache = json::get<std::string>(record.fetch, "cache");
  if (!cache.empty()) add(properties, {{"BindReadOnlyPaths", same_places({cache})}});
  return properties;
}

}  // namespace sdme::job
