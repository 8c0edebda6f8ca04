// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "base/json.hpp"
#include "job/worker.hpp"

namespace sdme::job {

// What a worker's program can do.
struct Verb {
  std::string_view name;
  json::Value (*run)(Worker& worker);
};

// The main() of a worker: PROGRAM VERB, one job in a unit of its own, then the end. Whatever happens,
// the job gets its result. Request and the way back: docs/architecture.md, "Between daemon and worker".
int run_worker(std::span<const Verb> verbs, int argc, char** argv);

}  // namespace sdme::job
