// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sdme::model {

// What the guest's processes may do, beside its user namespace: systemd-nspawn(1), "Security Options".
struct Security {
  std::string profile;                         // whose values these are, "" for none: for people
  std::vector<std::string> capabilities;       // asked for, "CAP_…"; systemd-nspawn's own need no asking
  std::vector<std::string> drop_capabilities;  // without these
  bool no_new_privileges = false;
  bool read_only = false;                       // the root; what is mounted on it may be writable
  std::vector<std::string> system_call_filter;  // "@group" or a call allows, with "~" it forbids
  std::string apparmor_profile;                 // "" for that of whoever starts it; see AppArmorChoice

  // InvalidArgument where something is both given and taken.
  void check() const;

  json::Value to_json() const;
  static Security from_json(const json::Value& value);

  bool operator==(const Security&) const = default;
};

// "net_raw" and "CAP_NET_RAW" are CAP_NET_RAW; InvalidArgument for what this kernel's headers do not know.
std::string parse_capability(std::string_view text);

// Whether systemd-nspawn leaves it to every guest, so that nothing is given by giving it: systemd-nspawn(1),
// "--capability=". CAP_NET_ADMIN is not among them: only guests with a network of their own have that.
bool is_usual_capability(std::string_view name);

// InvalidArgument unless a name of a system call or of a group of systemd.exec(5), with or without "~".
// Whether there is such a call, only the kernel's architecture says: see nspawn.
void check_system_call(const std::string& text);

// InvalidArgument unless a profile's name can be that, with or without "-".
void check_apparmor_profile(const std::string& text);

// A profile as it is written: of "-NAME" nothing is expected where the host has no AppArmor.
struct AppArmorChoice {
  explicit AppArmorChoice(std::string_view text)
      : is_optional(text.starts_with('-')), name(text.substr(is_optional ? 1 : 0)) {}
  // Also as a part of a stack, or of another namespace: apparmor(7).
  bool is_unconfined() const { return name.contains("unconfined"); }

  bool is_optional;
  std::string name;  // "" for none
};

}  // namespace sdme::model
