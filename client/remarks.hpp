// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "client.hpp"

namespace sdme::client {

// Says on standard error what there is to say of an import that ended well: the worker's own warning, and what the root
// filesystem lacks to be booted, with what can be done.
void say_remarks(Client& client, const std::string& name, const Dict& result);

}  // namespace sdme::client
