// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::disk {

// The verb `disk`: makes one layer of the system on a disk image, QCOW2 or raw, and tells what it is.
// Needs a process of one thread, which it leaves in a mount namespace of its own and without the
// capabilities to mount.
json::Value run_disk(job::Worker& worker);

}  // namespace sdme::disk
