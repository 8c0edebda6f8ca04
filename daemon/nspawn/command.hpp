// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/record.hpp"

namespace sdme::nspawn {

// What is known only when a container starts.
struct Start {
  std::string directory;                  // the mounted root
  std::optional<std::uint32_t> uid_base;  // of its user namespace; nothing before a range is taken
  bool registers = true;                  // machined can be told: there is a system bus
  std::string interface;    // of the host, that becomes the guest's host0; "" when its network was entered before
  std::string resolv_conf;  // a file that the guest sees as its own; "" for none
  bool starts_networkd = false;  // the guest has what configures its link, and may not have it enabled
  std::vector<std::string> bind_sources;  // where what each bind shows is mounted, in their order; none before
};

// The whole command line of systemd-nspawn: the record is the only truth, no settings file is
// read. A user namespace without a range is shown as "pick", for who asks before the start.
std::vector<std::string> command_of(const model::ContainerRecord& record, const Start& start);

}  // namespace sdme::nspawn
