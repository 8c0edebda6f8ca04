// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "client.hpp"

namespace sdme::client {

// Everything about each of `count` things: as one JSON array, or as a block of lines each. One that fails does not hold
// up the others; returns the exit status of the first that did.
int show_each(Client& client, std::size_t count, const std::function<Dict(std::size_t index)>& inspect);

// The block of lines of one dictionary, its name first.
std::string block_of(const Dict& dict);

}  // namespace sdme::client
