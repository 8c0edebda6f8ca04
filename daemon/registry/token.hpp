// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "registry/challenge.hpp"
#include "registry/credentials.hpp"
#include "registry/loop.hpp"
#include "registry/registries.hpp"

namespace sdme::registry {

// Who grants access to a repository: a token server, as a Bearer challenge names it (distribution spec,
// "token authentication").
class TokenServer {
 public:
  // NetworkFailed when the challenge names none that may be used: one without encryption is for an
  // insecure registry alone.
  TokenServer(const Challenge& challenge, const Place& place, const Trust& registry_trust);

  void ask_also_for(const std::string& scope) { scopes_.insert(scope); }

  // The token, asked for anew unless there is one that will hold for the next moment. AccessDenied.
  Task<std::string> token(Loop& loop, Trusts& trusts, const Credential* credential);
  void forget() { token_.clear(); }  // it was refused

 private:
  Request request(Trusts& trusts, const Credential* credential) const;
  void keep(const Reply& reply);

  Url realm_;
  std::string registry_;  // for messages
  std::string service_;
  std::set<std::string> scopes_;
  const Trust* registry_trust_;
  std::string token_;
  std::chrono::steady_clock::time_point until_;
};

}  // namespace sdme::registry
