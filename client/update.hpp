// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "client.hpp"

namespace sdme::client {

// Has a container changed, waits for it, and says what counts only from its next start.
void update_container(Client& client, const std::string& typed_name, Dict changes);

}  // namespace sdme::client
