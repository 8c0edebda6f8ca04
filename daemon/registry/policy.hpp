// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/reference.hpp"

namespace sdme::registry {

// Which images this host accepts, of containers-policy.json(5). Signatures are not checked here, so what
// wants one is refused.
class Policy {
 public:
  // /etc/containers/policy.json below `root`; without it everything is accepted.
  static Policy load(const std::string& root = "");
  static Policy parse(std::string_view text);  // InvalidArgument: one fault makes the whole file unusable

  // AccessDenied when the most specific scope rejects it, NotSupported when that wants a signature.
  // The scopes of HOST/A/B:TAG: itself, HOST/A/B, HOST/A, HOST, *.DOMAIN, those of all registries,
  // the default.
  void check(const Reference& reference) const;

 private:
  using Types = std::vector<std::string>;  // of the requirements, all of which must hold

  const Types& of(const Reference& reference) const;

  Types default_ = {"insecureAcceptAnything"};
  std::map<std::string, Types> scopes_;  // of the transport docker; "" for all of it
};

}  // namespace sdme::registry
