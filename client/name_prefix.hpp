// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace sdme::client {

// The container that was meant: the one of exactly that name, else the only one whose name begins so.
// Throws a Failure that names the candidates when there are several.
std::string resolve_name(const std::vector<std::string>& names, const std::string& typed);

}  // namespace sdme::client
