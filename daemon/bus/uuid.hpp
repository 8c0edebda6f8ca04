// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace sdme::bus {

// Of a new container or pod: 32 hex digits that nothing else ever has.
std::string random_uuid();

}  // namespace sdme::bus
