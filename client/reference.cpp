// SPDX-License-Identifier: MIT
#include "reference.hpp"

#include <algorithm>
#include <regex>

namespace sdme::client {

namespace {

constexpr const char* kDockerHub = "docker.io";
// Beyond this nothing is a name, and the matcher's memory stays small.
constexpr std::size_t kLongest = 640;

const std::regex& grammar() {
  static const std::regex regex(
      // A host has a dot, a port or a capital letter, is localhost, or is an address in brackets: else it is a part of
      // the path.
      "(?:((?:\\[[0-9A-Fa-f:]+\\]|localhost|(?=[^/"
      "]*[.:A-Z])[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?)/)?"
      "([a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*)"
      "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
      "(?:@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})?");
  return regex;
}

}  // namespace

std::optional<Reference> parse_reference(const std::string& text) {
  std::smatch match;
  if (text.size() > kLongest || !std::regex_match(text, match, grammar())) return std::nullopt;
  return Reference{.registry = match[1], .repository = match[2]};
}

std::string registry_name(const std::string& host) {
  auto name = host;
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name == "index.docker.io" || name == "registry-1.docker.io" ? kDockerHub : name;
}

std::vector<std::string> credential_keys(const Reference& reference) {
  const auto host = reference.is_short() ? kDockerHub : registry_name(reference.registry);
  const bool official = host == kDockerHub && !reference.repository.contains('/');
  auto key = host + (official ? "/library/" : "/") + reference.repository;
  std::vector<std::string> keys = {key};
  for (auto slash = key.rfind('/'); slash != std::string::npos; slash = key.rfind('/')) {
    key.resize(slash);
    keys.push_back(key);
  }
  return keys;
}

}  // namespace sdme::client
