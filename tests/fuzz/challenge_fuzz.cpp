// SPDX-License-Identifier: MIT
// WWW-Authenticate, whatever a server says.
#include "registry/challenge.hpp"

#include <algorithm>

#include "harness.hpp"
#include "registry/token.hpp"

namespace sdme::test {

namespace {

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != ','; });
}

bool has_capitals(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme;
  for (const auto& challenge : registry::parse_challenges(test::text_of(bytes, count))) {
    test::require(test::is_token(challenge.scheme) && !test::has_capitals(challenge.scheme), "a scheme",
                  challenge.scheme);
    test::require(challenge.parameters.size() <= 32, "too many parameters");
    for (const auto& [key, value] : challenge.parameters) {
      test::require(test::is_token(key) && !test::has_capitals(key), "a key", key);
      test::require(challenge.get(key) == value, "another value", value);
    }
    for (const bool insecure : {false, true}) {
      const registry::Place place{.host = "registry.example", .path = "a/b", .insecure = insecure};
      test::attempt([&] { registry::TokenServer(challenge, place, registry::Trust()); });
    }
  }
  return 0;
}
