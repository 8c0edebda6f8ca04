// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/limits.hpp"
#include "systemd/pid1.hpp"

// Limits as the container's unit has them: systemd.resource-control(5). They are the unit's runtime
// properties, which the record is the truth of: sdme-init sets them at each start.
namespace sdme::machine {

// Every limit, also those that are absent: what was set before is taken back.
std::vector<systemd::Property> resource_properties(const model::Limits& limits);

// LimitExceeded where a running container uses more memory or has more tasks than it would be allowed.
void check_use(systemd::Pid1& pid1, const std::string& unit, const model::Limits& limits);

// What the container's upper directories may hold; the file system keeps it, whether the container runs or not.
// NotSupported where nothing would hold it, LimitExceeded where more is there already.
void check_disk(const std::string& name, std::uint64_t bytes);
void limit_disk(const std::string& name, std::optional<std::uint64_t> bytes);

}  // namespace sdme::machine
