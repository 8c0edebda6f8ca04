// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace sdme::machine {

// Has machined forget the run of this container before the one that begins now: systemd-nspawn that was killed did not,
// and a unit that is about to be started again has not ended for machined, which would refuse the name. Of our own unit
// alone: who else has the name keeps it.
void unregister_last_run(const std::string& name);

}  // namespace sdme::machine
