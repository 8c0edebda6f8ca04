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
};

// The whole command line of systemd-nspawn: the record is the only truth, no settings file is
// read. A user namespace without a range is shown as "pick", for who asks before the start.
std::vector<std::string> command_of(const model::ContainerRecord& record, const Start& start);

}  // namespace sdme::nspawn
