// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sdme::systemd {

// Values of unit properties by their bus type, org.freedesktop.systemd1(5). What they mean is in
// systemd.exec(5) and its neighbours.
struct AllowList {  // (bas): SystemCallFilter=, RestrictAddressFamilies=
  bool allow = true;
  std::vector<std::string> items;
};
struct BindPath {  // one of a(ssbt): BindPaths=, BindReadOnlyPaths=
  std::string source;
  std::string destination;
};
struct BindPaths {
  std::vector<BindPath> paths;
};
struct EmptyTrees {  // a(ss) with mode=0755: TemporaryFileSystem=
  std::vector<std::string> paths;
};
struct DeviceRule {  // one of a(ss): DeviceAllow=
  std::string device;  // a path, or a group of /proc/devices as "block-loop"
  std::string access;  // of r, w and m
};
struct DeviceRules {
  std::vector<DeviceRule> rules;
};
struct FdValue {  // h: StandardOutputFileDescriptor=; borrowed
  int fd;
};

using Value = std::variant<bool, std::uint32_t, std::uint64_t, std::int32_t, std::string, std::vector<std::string>,
                           AllowList, BindPaths, EmptyTrees, DeviceRules, FdValue>;
using Property = std::pair<std::string, Value>;

struct NamedFd {  // borrowed until the message is sent
  std::string name;
  int fd;
};

// A unit that exists only in PID 1's memory. It is gone once it has ended.
struct TransientUnit {
  std::string name;
  std::string description;
  std::vector<std::string> argv;  // argv[0] is the absolute path; nothing in it is expanded
  std::vector<Property> properties;
  std::vector<NamedFd> fds;  // ExtraFileDescriptors=, sd_listen_fds_with_names(3)
};

// A socket unit that likewise exists only in memory, with the service that it starts.
struct TransientSocket {
  struct Listen {
    std::string type;     // "Stream", "Datagram": ListenStream= and its like, systemd.socket(5)
    std::string address;
  };

  std::string name;
  std::string description;
  std::vector<Listen> listen;
  std::vector<Property> properties;
  TransientUnit service;  // of the same name; without fds
};

// FreezerState of a unit whose processes stand still, or are about to: org.freedesktop.systemd1(5).
inline bool is_frozen(std::string_view freezer_state) {
  return freezer_state == "frozen" || freezer_state == "freezing" || freezer_state == "frozen-by-parent" ||
         freezer_state == "freezing-by-parent";
}

// Appends an a(sv), as SetUnitProperties takes it; Internal on failure.
void append(sd_bus_message* call, const std::vector<Property>& properties);

// Appends the arguments of Manager.StartTransientUnit to a method call; Internal on failure.
void append(sd_bus_message* call, const TransientUnit& unit);
void append(sd_bus_message* call, const TransientSocket& socket);

}  // namespace sdme::systemd
