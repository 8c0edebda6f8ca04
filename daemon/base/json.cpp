// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <set>

#include "base/text.hpp"

namespace sdme::json {

namespace {

// Writing a value back and destroying it recurse: what nests deeper than anything of ours is refused.
constexpr int kDeepest = 64;

Value parse_any(std::string_view text, const std::string& what) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto check = [&](int depth, Value::parse_event_t event, const Value& parsed) {
    if (depth > kDeepest)
      throw Error(Errc::kCorrupt, what + " nests deeper than " + std::to_string(kDeepest) + " levels");
    if (event == Value::parse_event_t::object_start) keys.emplace_back();
    if (event == Value::parse_event_t::object_end) keys.pop_back();
    if (event == Value::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      throw Error(Errc::kCorrupt, what + " has the key " + text::quoted(parsed.get<std::string>()) + " twice");
    return true;
  };
  auto value = Value::parse(text, check, false);
  if (value.is_discarded()) throw Error(Errc::kCorrupt, what + " is not valid JSON");
  return value;
}

}  // namespace

Value parse(std::string_view text, const std::string& what) {
  auto value = parse_any(text, what);
  if (!value.is_object()) throw Error(Errc::kCorrupt, what + " is not a JSON object");
  return value;
}

Value parse_list(std::string_view text, const std::string& what) {
  auto value = parse_any(text, what);
  if (!value.is_array()) throw Error(Errc::kCorrupt, what + " is not a JSON list");
  return value;
}

namespace detail {

void wrong_type(std::string_view key, std::string_view expected) {
  throw Error(Errc::kCorrupt, "key " + text::quoted(key) + " must be " + std::string(expected));
}

void missing(std::string_view key) { throw Error(Errc::kCorrupt, "key " + text::quoted(key) + " is missing"); }

}  // namespace detail

}  // namespace sdme::json
