// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"

// JSON with errors that name the key. Everything that crosses a process border or is kept on
// disk is read through these, so a damaged record is a sentence and not a crash.
namespace sdme::json {

using Value = nlohmann::json;

// An object, with no key twice: readers differ in which one counts. `what` names the text in the
// error (Corrupt), for example "record of container 'web'".
Value parse(std::string_view text, const std::string& what);
Value parse_list(std::string_view text, const std::string& what);  // the same for a list

namespace detail {
[[noreturn]] void wrong_type(std::string_view key, std::string_view expected);
[[noreturn]] void missing(std::string_view key);
}  // namespace detail

template <typename T>
constexpr std::string_view type_word() {
  if constexpr (std::is_same_v<T, bool>) return "a boolean";
  if constexpr (std::is_integral_v<T>) return "a number";
  if constexpr (std::is_floating_point_v<T>) return "a number";
  if constexpr (std::is_same_v<T, std::string>) return "a string";
  return "a list";
}

template <typename T>
bool fits(const Value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_unsigned_v<T>) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<T>::max();
  } else if constexpr (std::is_integral_v<T>) {
    return value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX) &&
           value.get<std::int64_t>() >= std::numeric_limits<T>::min() &&
           value.get<std::int64_t>() <= std::numeric_limits<T>::max();
  } else if constexpr (std::is_floating_point_v<T>) {
    return value.is_number();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string();
  } else {
    if (!value.is_array()) return false;
    for (const auto& item : value) {
      if (!fits<typename T::value_type>(item)) return false;
    }
    return true;
  }
}

// The value of a key, which must be there and of the type (Corrupt).
template <typename T>
T get(const Value& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end()) detail::missing(key);
  if (!fits<T>(*found)) detail::wrong_type(key, type_word<T>());
  return found->template get<T>();
}

// The value of a key that may be absent; of the wrong type it is Corrupt.
template <typename T>
T get_or(const Value& object, std::string_view key, T otherwise) {
  return object.contains(key) ? get<T>(object, key) : otherwise;
}

}  // namespace sdme::json
