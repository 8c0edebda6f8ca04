// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "bus.hpp"
#include "table.hpp"

namespace sdme::client {

// One reading of what containers use, with the share of a processor since the reading before it, where there is one of the
// same start: as "cpu-percent" (d), 100 for one processor.
std::vector<Dict> with_rates(std::vector<Dict> now, const std::vector<Dict>& before);

Table usage_table(const std::vector<Dict>& usage);

}  // namespace sdme::client
