// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "model/names.hpp"

namespace sdme::model {

struct VolumeName : Name {
  static VolumeName parse(std::string_view text) { return VolumeName{Name::parse(text, "volume name")}; }
};

// Something of the host that a container sees: a file or directory by its path, or a volume.
struct Bind {
  std::string source;       // absolute and normalised, and no link is on its way; or the name of a volume
  std::string destination;  // inside
  bool writable = true;
  bool devices = false;  // device nodes in there can be opened
  bool setuid = false;   // set-user-ID and file capabilities count
  // The inode that was there when it was authorised, where others than root can change what the path
  // leads to; 0 where they cannot. No device number: that changes over a reboot.
  std::uint64_t inode = 0;
  std::optional<std::uint32_t> owner;  // whose it was then; none of volumes, and of what older versions wrote

  bool is_volume() const { return source[0] != '/'; }

  // SOURCE:DESTINATION[:OPTION[,OPTION…]] with the options ro, rw, dev, suid; "\:" is a colon in a path.
  // A SOURCE without a slash is a volume. InvalidArgument, also for a destination that the guest's own
  // /proc, /sys, /dev and /run need.
  static Bind parse(std::string_view text);
  std::string str() const;

  json::Value to_json() const;
  static Bind from_json(const json::Value& value);

  bool operator==(const Bind&) const = default;
};

}  // namespace sdme::model
