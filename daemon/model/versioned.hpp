// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace sdme::model {

// A record as it lies on the disk. NotSupported, with a sentence, when a newer sdmed wrote it; `newest`
// is what this one reads.
json::Value parse_versioned(const std::string& text, const std::string& what, std::uint64_t newest);

}  // namespace sdme::model
