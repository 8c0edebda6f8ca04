// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "client.hpp"
#include "json.hpp"

namespace sdme::client {

// The block of lines of one dictionary, its name first.
std::string block_of(const Dict& dict);

// How one thing is shown.
struct Shown {
  std::function<std::string(const Dict&)> block = block_of;
  std::function<JsonValue(const Dict&)> json;  // empty: json_of()
};

// Everything about each of `count` things: as one JSON array, or as a block of lines each. One that fails does not hold
// up the others; returns the exit status of the first that did.
int show_each(Client& client, std::size_t count, const std::function<Dict(std::size_t index)>& inspect,
              const Shown& shown = {});

}  // namespace sdme::client
