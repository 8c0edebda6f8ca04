// SPDX-License-Identifier: MIT
#include "oci/fields.hpp"

namespace sdme::oci {

const json::Value* object_field(const json::Value& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return nullptr;
  if (!found->is_object()) throw Error(Errc::kCorrupt, "key '" + std::string(key) + "' must be an object");
  return &*found;
}

std::optional<std::vector<const json::Value*>> objects_field(const json::Value& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  const auto refuse = [&] { return Error(Errc::kCorrupt, "key '" + std::string(key) + "' must be a list of objects"); };
  if (!found->is_array()) throw refuse();
  std::vector<const json::Value*> items;
  for (const auto& item : *found) {
    if (!item.is_object()) throw refuse();
    items.push_back(&item);
  }
  return items;
}

}  // namespace sdme::oci
