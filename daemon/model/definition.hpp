// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/bind.hpp"
#include "model/limits.hpp"
#include "model/network.hpp"
#include "model/port.hpp"
#include "model/security.hpp"

namespace sdme::model {

// What a container is to be, with every default filled in: what is stored, authorised and started
// is this one value.
struct Definition {
  enum class Restart { kNo, kOnFailure };  // what systemd does when it ends by itself: Restart=, systemd.service(5)

  bool host_clone = false;  // made from the running host instead of a root filesystem
  Network network;
  std::string oci_pod;  // whose network its OCI applications are in, and nothing else of it; "" for none
  bool userns = false;                       // root inside is nobody outside, by idmapped layers
  std::vector<std::string> opaque_dirs;      // absolute, normalised: lower content is hidden
  std::vector<std::string> masked_services;  // unit names linked to /dev/null in the guest
  std::vector<Port> ports;
  std::vector<Bind> binds;
  std::vector<std::string> environment;  // NAME=VALUE, of the guest's PID 1
  Limits limits;
  Security security;
  Restart restart = Restart::kNo;
  std::vector<std::string> requirements;  // containers that are started before it
  bool is_protected = false;              // not removed before this is taken back
  bool ephemeral = false;                 // removed when it has stopped

  // What in it lets the guest's root act on the host, in words for the prompt and the record, such as
  // "host-network" and "bind:/srv". Empty for a confined container.
  std::vector<std::string> host_features() const;
  bool privileged() const { return !host_features().empty(); }

  // The pod that it is in, as a whole or with its OCI applications; "" for none.
  const std::string& pod() const;

  // Whether it lacks what a DHCP client cannot do without, so that a link is set up from outside.
  bool needs_setup() const;

  // Whether systemd must know of it before it starts: machine/drop_in.hpp.
  bool has_drop_in() const { return restart != Restart::kNo || !requirements.empty(); }

  // InvalidArgument where parts contradict each other.
  void check() const;

  json::Value to_json() const;
  // Reads what older versions wrote, too: see the fixtures of the unit tests.
  static Definition from_json(const json::Value& value);
};

// InvalidArgument unless a path that check_path() takes: lower content below it can be hidden.
void check_opaque_dir(const std::string& path);

// InvalidArgument unless a plain unit name with a known suffix, systemd.unit(5).
void check_unit_name(const std::string& name);

// InvalidArgument unless NAME=VALUE, which a guest's systemd takes: systemd.exec(5), Environment=.
void check_environment(const std::string& assignment);

// "" for none, or InvalidArgument unless the name of a pod.
std::string parse_oci_pod(std::string_view name);

Definition::Restart parse_restart(std::string_view word);  // "no", "on-failure"; else InvalidArgument
std::string_view word(Definition::Restart restart);

}  // namespace sdme::model
