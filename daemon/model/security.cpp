// SPDX-License-Identifier: MIT
#include "model/security.hpp"

#include <seccomp.h>
#include <sys/capability.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include "base/text.hpp"

namespace sdme::model {

namespace {

// systemd.exec(5), "SystemCallFilter=".
constexpr std::array<std::string_view, 30> kGroups = {
    "@default",     "@aio",      "@basic-io", "@chown",      "@clock",   "@cpu-emulation", "@debug",
    "@file-system", "@io-event", "@ipc",      "@keyring",    "@memlock", "@module",        "@mount",
    "@network-io",  "@obsolete", "@pkey",     "@privileged", "@process", "@raw-io",        "@reboot",
    "@resources",   "@sandbox",  "@setuid",   "@signal",     "@swap",    "@sync",          "@system-service",
    "@timer",       "@known"};

// CAP_SYS_ADMIN and the like are the guest's own in a user namespace; without one, that is the host feature to ask for.
constexpr std::array<std::string_view, 26> kUsual = {"CAP_AUDIT_CONTROL", "CAP_AUDIT_WRITE",      "CAP_CHOWN",
                                                     "CAP_DAC_OVERRIDE",  "CAP_DAC_READ_SEARCH",  "CAP_FOWNER",
                                                     "CAP_FSETID",        "CAP_IPC_OWNER",        "CAP_KILL",
                                                     "CAP_LEASE",         "CAP_LINUX_IMMUTABLE",  "CAP_MKNOD",
                                                     "CAP_NET_RAW",       "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
                                                     "CAP_SETFCAP",       "CAP_SETGID",           "CAP_SETPCAP",
                                                     "CAP_SETUID",        "CAP_SYS_ADMIN",        "CAP_SYS_BOOT",
                                                     "CAP_SYS_CHROOT",    "CAP_SYS_NICE",         "CAP_SYS_PTRACE",
                                                     "CAP_SYS_RESOURCE",  "CAP_SYS_TTY_CONFIG"};

}  // namespace

bool is_usual_capability(std::string_view name) { return std::ranges::contains(kUsual, name); }

std::string parse_capability(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!name.starts_with("cap_")) name.insert(0, "cap_");
  cap_value_t value = 0;
  const bool plain = std::ranges::all_of(name, [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; });
  if (!plain || cap_from_name(name.c_str(), &value) < 0) {
    throw Error(Errc::kInvalidArgument, text::quoted(text) + " is no capability, such as CAP_NET_RAW; capabilities(7)");
  }
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

void check_system_call(const std::string& text) {
  const auto name = text.starts_with('~') ? text.substr(1) : text;
  if (name.starts_with('@')) {
    if (std::ranges::find(kGroups, name) != kGroups.end()) return;
    throw Error(Errc::kInvalidArgument, text::quoted(name) + " is no group of system calls; systemd.exec(5)");
  }
  if (name.empty() || seccomp_syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR)
    throw Error(Errc::kInvalidArgument, text::quoted(name) + " is no system call; syscalls(2)");
}

void check_apparmor_profile(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char c) { return std::isgraph(c) != 0; });
  if (!plain || text == "-" || text.size() > 255) {
    throw Error(Errc::kInvalidArgument, text::quoted(text) + " is not the name of an AppArmor profile");
  }
}

void Security::check() const {
  for (const auto& capability : capabilities) {
    if (std::ranges::contains(drop_capabilities, capability))
      throw Error(Errc::kInvalidArgument, capability + " is both added and dropped");
  }
  for (const auto& call : system_call_filter) {
    if (std::ranges::contains(system_call_filter, "~" + call))
      throw Error(Errc::kInvalidArgument, "system call " + text::quoted(call) + " is both allowed and forbidden");
  }
}

json::Value Security::to_json() const {
  return {{"profile", profile},
          {"capabilities", capabilities},
          {"drop_capabilities", drop_capabilities},
          {"no_new_privileges", no_new_privileges},
          {"read_only", read_only},
          {"system_call_filter", system_call_filter},
          {"apparmor_profile", apparmor_profile}};
}

Security Security::from_json(const json::Value& value) {
  using Strings = std::vector<std::string>;
  return {.profile = json::get<std::string>(value, "profile"),
          .capabilities = json::get<Strings>(value, "capabilities"),
          .drop_capabilities = json::get<Strings>(value, "drop_capabilities"),
          .no_new_privileges = json::get<bool>(value, "no_new_privileges"),
          .read_only = json::get<bool>(value, "read_only"),
          .system_call_filter = json::get<Strings>(value, "system_call_filter"),
          .apparmor_profile = json::get<std::string>(value, "apparmor_profile")};
}

}  // namespace sdme::model
