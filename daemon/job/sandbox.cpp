// SPDX-License-Identifier: MIT
#include "job/sandbox.hpp"

#include <linux/capability.h>

#include "store/layout.hpp"

namespace sdme::job {

namespace {

using systemd::Property;
using Properties = std::vector<Property>;

constexpr std::uint64_t kStopUsec = 5'000'000;  // between SIGTERM and SIGKILL of a cancelled worker
constexpr std::uint64_t kWorkerTasks = 32;

template <typename... Caps>
std::uint64_t capabilities(Caps... caps) {
  return ((std::uint64_t{1} << caps) | ... | 0);
}

void add(Properties& to, Properties more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// For every verb.
Properties common(const Record& record, const store::Settings& settings) {
  return {{"Type", std::string("exec")},
          {"CollectMode", std::string("inactive-or-failed")},
          {"TimeoutStopUSec", kStopUsec},
          {"KillMode", std::string("mixed")},
          {"UMask", std::uint32_t{0}},
          {"TasksMax", kWorkerTasks},
          {"MemoryMax", settings.worker_memory_max},  // a guest's answers are queued here
          {"NoNewPrivileges", true},
          {"LockPersonality", true},
          {"MemoryDenyWriteExecute", true},
          {"RestrictRealtime", true},
          {"SystemCallArchitectures", std::vector<std::string>{"native"}},
          {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_UNIX"}}},
          {"SyslogIdentifier", std::string("sdme-worker")},
          {"Environment", std::vector<std::string>{"SDME_JOB=" + std::to_string(record.id)}}};
}

// Reads and writes files and nothing else: no network, no other process, no path but its own.
Properties file_worker(std::uint64_t caps, const std::vector<std::string>& writable) {
  systemd::BindPaths binds;
  for (const auto& path : writable) binds.paths.push_back({path, path});
  return {{"CapabilityBoundingSet", caps},
          {"PrivateNetwork", true},
          {"PrivateIPC", true},
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("tmpfs")},
          {"PrivateTmp", true},
          {"ProtectProc", std::string("invisible")},
          {"ProtectControlGroups", true},
          {"ProtectKernelTunables", true},
          {"ProtectKernelModules", true},
          {"ProtectKernelLogs", true},
          {"ProtectHostname", true},
          {"ProtectClock", true},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}},
          {"TemporaryFileSystem", systemd::EmptyTrees{{layout::kState, layout::kRuntime, layout::kCache}}},
          {"BindPaths", binds}};
}

systemd::BindPaths same_place(const std::string& path) { return {{{path, path}}}; }

std::uint64_t usec(std::chrono::seconds time) { return static_cast<std::uint64_t>(time.count()) * 1'000'000; }

std::string staging_of(const Record& record) {
  return layout::state(std::string(layout::kStaging) + "/" + std::to_string(record.id));
}

Properties for_import(const Record& record, const std::string& out, const store::Settings& settings) {
  auto properties =
      file_worker(capabilities(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP, CAP_MKNOD),
                  {staging_of(record), out});
  add(properties, {{"RuntimeMaxUSec", usec(settings.import_max_time)},
                   {"BindReadOnlyPaths", same_place(layout::state(layout::kLayers))}});  // new layers stand on old ones
  return properties;
}

Properties for_trash(const Record& record, const std::string& out) {
  auto writable = json::get<std::vector<std::string>>(record.request, "trash");
  writable.push_back(out);
  return file_worker(capabilities(CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_LINUX_IMMUTABLE), writable);
}

// Sees the layers, and for a clone the host's files, read-only.
Properties for_create(const Record& record, const std::string& out) {
  return {{"CapabilityBoundingSet", capabilities(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD)},
          {"PrivateNetwork", true},
          {"DevicePolicy", std::string("closed")},  // an image has device nodes where files should be
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("read-only")},
          {"ReadWritePaths", std::vector<std::string>{staging_of(record), out}},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}}};
}

// Talks to PID 1 and enters the guest's namespaces to talk to the guest's PID 1.
Properties for_machine(const std::string& out) {
  return {{"CapabilityBoundingSet", capabilities(CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SETUID, CAP_SETGID,
                                                 CAP_KILL, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE)},
          {"ProtectSystem", std::string("strict")},
          {"DevicePolicy", std::string("closed")},  // as above; terminals are among those left
          {"ReadWritePaths", std::vector<std::string>{out}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service", "@mount", "setns"}}}};
}

// Runs journalctl, and sees the journal.
Properties for_log(const std::string& out) {
  return {{"CapabilityBoundingSet", std::uint64_t{0}},
          {"PrivateNetwork", true},
          {"PrivateDevices", true},
          {"ProtectSystem", std::string("strict")},
          {"ProtectHome", std::string("yes")},
          {"PrivateTmp", true},
          {"ReadWritePaths", std::vector<std::string>{out}},
          {"RestrictNamespaces", std::uint64_t{0}},
          {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}}};
}

}  // namespace

std::vector<Property> sandbox(const Record& record, const std::string& out, const store::Settings& settings) {
  auto properties = common(record, settings);
  if (record.verb == "import") {
    add(properties, for_import(record, out, settings));
  } else if (record.verb == "trash") {
    add(properties, for_trash(record, out));
  } else if (record.verb == "create") {
    add(properties, for_create(record, out));
  } else if (record.verb == "log") {
    add(properties, for_log(out));
  } else {
    add(properties, for_machine(out));
  }
  return properties;
}

// Talks to strangers on the network, so it is nobody: a user made for it, with no right and no file but what it was
// handed, and the host's own configuration of registries.
std::vector<Property> fetch_sandbox(const Record& record, const store::Settings& settings) {
  auto properties = common(record, settings);
  add(properties, {{"DynamicUser", true},
                   {"CapabilityBoundingSet", std::uint64_t{0}},
                   {"RestrictAddressFamilies", systemd::AllowList{true, {"AF_INET", "AF_INET6"}}},
                   {"ProtectSystem", std::string("strict")},
                   {"ProtectHome", std::string("tmpfs")},
                   {"PrivateTmp", true},
                   {"PrivateDevices", true},
                   {"PrivateIPC", true},
                   {"ProtectProc", std::string("invisible")},
                   {"ProcSubset", std::string("pid")},
                   {"ProtectControlGroups", true},
                   {"ProtectKernelTunables", true},
                   {"ProtectKernelModules", true},
                   {"ProtectKernelLogs", true},
                   {"ProtectHostname", true},
                   {"ProtectClock", true},
                   {"RestrictNamespaces", std::uint64_t{0}},
                   {"SystemCallFilter", systemd::AllowList{true, {"@system-service"}}},
                   {"RuntimeMaxUSec", usec(settings.import_max_time)},
                   {"TemporaryFileSystem", systemd::EmptyTrees{{layout::kState, layout::kRuntime, layout::kCache}}},
                   {"BindPaths", same_place(json::get<std::string>(record.fetch, "blobs"))}});
  const auto cache = json::get<std::string>(record.fetch, "cache");
  if (!cache.empty()) add(properties, {{"BindReadOnlyPaths", same_place(cache)}});
  return properties;
}

}  // namespace sdme::job
