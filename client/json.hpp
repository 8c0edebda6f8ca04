// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bus.hpp"
#include "globals.hpp"

namespace sdme::client {

using JsonValue = nlohmann::json;

// Keys are those of the bus with '_' for '-', so that they need no quotes in jq.
JsonValue json_of(const Dict& dict);
JsonValue json_of(const std::vector<Dict>& dicts);
JsonValue json_of(const sdbus::Variant& value);

// With a newline at the end.
std::string json_text(const JsonValue& value, Json style);

// One value for people: yes or no, a time, a size, a list with commas.
std::string plain_text(const std::string& key, const sdbus::Variant& value);

}  // namespace sdme::client
