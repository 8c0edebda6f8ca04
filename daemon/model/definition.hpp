// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace sdme::model {

// What a container is to be, with every default filled in: what is stored, authorised and started
// is this one value.
struct Definition {
  bool host_clone = false;       // made from the running host instead of a root filesystem
  bool private_network = false;  // a network namespace of its own with only a loopback
  bool userns = false;           // root inside is nobody outside, by idmapped layers
  std::vector<std::string> opaque_dirs;      // absolute, normalised: lower content is hidden
  std::vector<std::string> masked_services;  // unit names linked to /dev/null in the guest

  // What in it lets the guest's root act on the host, in words for the prompt and the record:
  // "host-clone", "host-network", "no-user-namespace". Empty for a confined container.
  std::vector<std::string> host_features() const;
  bool privileged() const { return !host_features().empty(); }

  json::Value to_json() const;
  static Definition from_json(const json::Value& value);
};

// Throws InvalidArgument unless absolute, without "." or ".." or empty components, not "/", at
// most 4096 bytes, and free of control characters.
void check_opaque_dir(const std::string& path);

// Throws InvalidArgument unless a plain unit name with a known suffix, systemd.unit(5).
void check_unit_name(const std::string& name);

}  // namespace sdme::model
