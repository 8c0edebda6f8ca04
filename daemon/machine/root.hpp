// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "machine/uid_range.hpp"
#include "model/record.hpp"

namespace sdme::machine {

struct Root {
  std::string directory;
  std::optional<UidRange> range;  // of a container with a user namespace; its lock survives exec
};

// Mounts a container's root in a mount namespace that this process enters first: the host sees
// nothing of it, and it is gone with the process and what it execs.
Root mount_root(const model::ContainerRecord& record);

// Whether systemd-networkd is in there and nothing else that would configure the same link.
bool has_networkd(const std::string& root);

// NotSupported, in one sentence, unless there is an init for systemd-nspawn to boot.
void check_init(const std::string& root);

}  // namespace sdme::machine
