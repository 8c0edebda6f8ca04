// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "model/definition.hpp"
#include "systemd/pid1.hpp"

// What systemd itself must know of a container before sdme-init runs: whether to restart it, and which
// containers come before it. A file beside the unit, for those alone that say something of it.
// Wants= and not Requires=: with that, whoever stops a container for a moment would stop those that need it. A start by
// sdmed brings up the required ones itself, and fails where one does not come up.
namespace sdme::machine {

// The text of the drop-in, "" for none.
std::string drop_in_text(const model::Definition& definition);

// Brings the file in line; systemd reads its files anew only if something changed.
void settle_drop_in(systemd::Pid1& pid1, const std::string& name, const model::Definition& definition);
// For one that is removed or has another name: the file, and the limits that systemd keeps until the host is shut down.
void forget_unit(systemd::Pid1& pid1, const std::string& name);

}  // namespace sdme::machine
