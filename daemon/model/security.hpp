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
  std::vector<std::string> capabilities;       // besides systemd-nspawn's own, "CAP_…"
  std::vector<std::string> drop_capabilities;  // without these
  bool no_new_privileges = false;
  bool read_only = false;                       // the root; what is mounted on it may be writable
  std::vector<std::string> system_call_filter;  // "@group" or a call allows, with "~" it forbids
  std::string apparmor_profile;                 // "" for that of whoever starts it

  json::Value to_json() const;
  static Security from_json(const json::Value& value);

  bool operator==(const Security&) const = default;
};

// "net_raw" and "CAP_NET_RAW" are CAP_NET_RAW; InvalidArgument for what this kernel's headers do not know.
std::string parse_capability(std::string_view text);

// InvalidArgument unless a name of a system call or of a group of systemd.exec(5), with or without "~".
// Whether there is such a call, only the kernel's architecture says: see nspawn.
void check_system_call(const std::string& text);

// InvalidArgument unless a profile's name can be that.
void check_apparmor_profile(const std::string& text);

}  // namespace sdme::model
