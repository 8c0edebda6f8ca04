// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "job/record.hpp"
#include "store/settings.hpp"
#include "systemd/transient_unit.hpp"

namespace sdme::job {

// What a worker of this verb may do: the properties of its transient unit. Everything that a verb
// does not need is closed; docs/hardening.md says for each line why. `out` is its result directory.
std::vector<systemd::Property> sandbox(const Record& record, const std::string& out, const store::Settings& settings);

// The same of the unit beside it that fetches.
std::vector<systemd::Property> fetch_sandbox(const Record& record, const store::Settings& settings);

}  // namespace sdme::job
