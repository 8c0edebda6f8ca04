// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bus.hpp"

namespace sdme::client {

// The definition of a container as a person edits it: lines of KEY = VALUE, as TOML has them, each after what it means.
// `container` is what InspectContainer tells.
std::string definition_text(const Dict& container);

// What was changed between two such texts, as UpdateContainer takes it. A line that is gone changes nothing. Throws the
// Failure of a wrong use, naming the line.
Dict definition_changes(const std::string& before, const std::string& after);

}  // namespace sdme::client
