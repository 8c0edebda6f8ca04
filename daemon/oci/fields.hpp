// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

// Parts of documents whose authors are strangers: a key that may be absent may also be null, which
// Go's programs write for the same. What is of the wrong kind is Corrupt.
namespace sdme::oci {

template <typename T>
std::optional<T> field(const json::Value& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return json::get<T>(object, key);
}

// Null when there is none.
const json::Value* object_field(const json::Value& object, std::string_view key);

// The objects of a list; nothing when there is no list.
std::optional<std::vector<const json::Value*>> objects_field(const json::Value& object, std::string_view key);

}  // namespace sdme::oci
