// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include "base/text.hpp"

namespace sdme::json {

namespace {

// Writing a value back and destroying it recurse: what nests deeper than anything of ours is refused.
constexpr int kDeepest = 64;

}  // namespace

Value parse(std::string_view text, const std::string& what) {
  const auto check_depth = [&](int depth, Value::parse_event_t, Value&) {
    if (depth > kDeepest)
      throw Error(Errc::kCorrupt, what + " nests deeper than " + std::to_string(kDeepest) + " levels");
    return true;
  };
  auto value = Value::parse(text, check_depth, false);
  if (value.is_discarded()) throw Error(Errc::kCorrupt, what + " is not valid JSON");
  if (!value.is_object()) throw Error(Errc::kCorrupt, what + " is not a JSON object");
  return value;
}

namespace detail {

void wrong_type(std::string_view key, std::string_view expected) {
  throw Error(Errc::kCorrupt, "key " + text::quoted(key) + " must be " + std::string(expected));
}

void missing(std::string_view key) { throw Error(Errc::kCorrupt, "key " + text::quoted(key) + " is missing"); }

}  // namespace detail

}  // namespace sdme::json
