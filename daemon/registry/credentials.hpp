// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sdme::registry {

// For one registry, or a part of it.
struct Credential {
  std::string user;
  std::string password;
  std::string identity_token;  // instead of both: what a token server gave at a login
};

// What a caller may show to registries: {"auths": {"HOST[:PORT][/PATH]": {"username", "password"} or
// {"identitytoken"}}}. Nothing of it is ever shown, logged or kept.
class Credentials {
 public:
  Credentials() = default;
  static Credentials parse(std::string_view text);  // InvalidArgument, without a word of what it holds

  // Those of the longest key that is HOST/PATH or stands above it; null when there are none.
  const Credential* find(const std::string& host, const std::string& path) const;

 private:
  std::map<std::string, Credential> by_place_;
};

}  // namespace sdme::registry
