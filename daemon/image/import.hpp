// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::image {

// The verb `import`: makes layers, in the staging directory and synced to disk, of what the fd `data` or
// the unit behind `link` gives, and tells what they are: docs/architecture.md, "A root filesystem, as a
// worker tells it". What the bytes are, they say themselves. A disk image is left to another verb.
json::Value run_import(job::Worker& worker);

}  // namespace sdme::image
