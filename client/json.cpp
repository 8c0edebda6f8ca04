// SPDX-License-Identifier: MIT
#include "json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include "text.hpp"

namespace sdme::client {

namespace {

using Strings = std::vector<std::string>;

template <typename... Types>
JsonValue first_match(const sdbus::Variant& value) {
  JsonValue json;
  (void)((value.containsValueOfType<Types>() && (json = value.get<Types>(), true)) || ...);
  return json;
}

bool is_bytes(const std::string& key) {
  static constexpr std::array kKeys = {"size", "shared", "own", "max-size", "bytes"};
  return key.starts_with("bytes-") || std::ranges::find(kKeys, key) != kKeys.end();
}

}  // namespace

JsonValue json_of(const sdbus::Variant& value) {
  if (value.containsValueOfType<Dict>()) return json_of(value.get<Dict>());
  return first_match<std::string, bool, std::uint32_t, std::uint64_t, std::int32_t, std::int64_t, std::uint16_t, double,
                     Strings, std::vector<std::uint64_t>>(value);
}

JsonValue json_of(const Dict& dict) {
  JsonValue json = JsonValue::object();
  for (const auto& [key, value] : dict) {
    std::string name = key;
    std::ranges::replace(name, '-', '_');
    json[name] = json_of(value);
  }
  return json;
}

JsonValue json_of(const std::vector<Dict>& dicts) {
  JsonValue json = JsonValue::array();
  for (const auto& dict : dicts) json.push_back(json_of(dict));
  return json;
}

std::string json_text(const JsonValue& value, Json style) { return value.dump(style == Json::kPretty ? 2 : -1) + "\n"; }

std::string plain_text(const std::string& key, const sdbus::Variant& value) {
  if (value.containsValueOfType<Strings>()) return join(value.get<Strings>(), ", ");
  if (value.containsValueOfType<bool>()) return value.get<bool>() ? "yes" : "no";
  if (value.containsValueOfType<std::string>()) return value.get<std::string>();
  if (value.containsValueOfType<std::uint64_t>()) {
    const auto number = value.get<std::uint64_t>();
    if (key.ends_with("-usec")) return local_time(number);
    if (is_bytes(key)) return human_bytes(number);
  }
  if (key == "owner" && value.containsValueOfType<std::uint32_t>()) return user_name(value.get<std::uint32_t>());
  return json_of(value).dump();
}

}  // namespace sdme::client
