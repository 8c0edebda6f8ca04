// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::provision {

// The verb `provision`: has the root filesystem's own package manager install what it lacks to boot,
// as one more layer. Where it cannot, "yes" fails, and "auto" leaves it as it was with a warning.
json::Value run_provision(job::Worker& worker);

}  // namespace sdme::provision
