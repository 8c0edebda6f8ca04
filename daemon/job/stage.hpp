// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "job/record.hpp"

namespace sdme::job {

// The verb that a worker's result hands the job on to; nothing when the job is at its end. A worker
// is a stranger: Corrupt for any step but those of docs/architecture.md.
std::optional<std::string> next_stage(const Record& record, const json::Value& result);

}  // namespace sdme::job
