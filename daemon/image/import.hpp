// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::image {

// The verb `import`: makes `tree` of the archive behind the fd "data" in the staging directory,
// synced to disk, and tells what it is.
json::Value run_import(job::Worker& worker);

}  // namespace sdme::image
