// SPDX-License-Identifier: MIT
// What is taken for a reference goes into URLs, and means the same when it is read again.
#include "registry/reference.hpp"

#include <algorithm>

#include "harness.hpp"

namespace sdme::test {

namespace {

// Of the path, the tag and the digest; a host may have brackets.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._/:").contains(c);
  });
}

bool climbs(std::string_view path) {
  const auto parts = text::split(path, '/');
  return std::ranges::any_of(parts, [](const auto& part) { return part.empty() || part.starts_with('.'); });
}

void check(const registry::Reference& reference) {
  require(is_plain(reference.path) && is_plain(reference.version()), "not for a URL", reference.str());
  require(is_printable(reference.str()), "not for people", reference.str());
  require(!climbs(reference.path), "not a path", reference.path);
  require(!reference.version().empty(), "no version", reference.str());
  const auto again = accepted([&] { return registry::Reference::parse(reference.str()); });
  require(again.str() == reference.str() && again.host == reference.host && again.path == reference.path,
          "read differently the second time", reference.str());
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme;
  test::attempt([&] {
    const auto reference = registry::Reference::parse(test::text_of(bytes, count));
    test::check(reference);
    if (reference.host.empty()) test::check(reference.at(registry::kDockerHub));
  });
  return 0;
}
