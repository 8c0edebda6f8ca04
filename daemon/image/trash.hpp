// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::image {

// The verb `trash`: removes everything in the trash. What cannot go does not keep the rest there;
// the first failure is thrown in the end.
json::Value run_trash(job::Worker& worker);

}  // namespace sdme::image
