// SPDX-License-Identifier: MIT
#include "registry/token.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "registry/complaint.hpp"
#include "registry/follow.hpp"
#include "registry/retry.hpp"

namespace sdme::registry {

namespace {

constexpr std::size_t kLongestToken = 64 * 1024;
constexpr std::int64_t kLeastLife = 60;  // seconds; what says less means it is not sure
constexpr std::int64_t kMostLife = 86400;
constexpr std::chrono::seconds kMoment{5};

Url realm_of(const Challenge& challenge, const Place& place) {
  auto realm = Url::parse(challenge.get("realm"));
  if (!realm || realm->has_user) {
    throw Error(Errc::kNetworkFailed, "registry " + text::quoted(place.host) + " names no usable token server");
  }
  if (!realm->encrypted() && !place.insecure) {
    throw Error(Errc::kNetworkFailed, "registry " + text::quoted(place.host) +
                                          " names a token server without encryption, " +
                                          text::quoted(realm->authority()) + ", and is not configured as insecure");
  }
  return *std::move(realm);
}

// It goes into a header as it is.
bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

TokenServer::TokenServer(const Challenge& challenge, const Place& place, const Trust& registry_trust)
    : realm_(realm_of(challenge, place)),
      registry_(place.host),
      service_(challenge.get("service")),
      scopes_{"repository:" + place.path + ":pull"},
      registry_trust_(&registry_trust) {}

Request TokenServer::request(Trusts& trusts, const Credential* credential) const {
  Request made = {.url = realm_, .trust = &trusts.of(realm_.authority())};
  // It often has the registry's own authority, and nobody configures it twice.
  if (made.trust->verify && made.trust->authorities.empty() && made.trust->certificate.empty())
    made.trust = registry_trust_;
  if (credential != nullptr && !credential->identity_token.empty()) {
    std::string form = "grant_type=refresh_token&client_id=sdmed&service=" + form_encoded(service_);
    std::string scope;
    for (const auto& one : scopes_) scope += (scope.empty() ? "" : " ") + one;
    form += "&scope=" + form_encoded(scope) + "&refresh_token=" + form_encoded(credential->identity_token);
    made.form = form;
    return made;
  }
  if (!service_.empty()) made.url = made.url.with_query("service", service_);
  for (const auto& one : scopes_) made.url = made.url.with_query("scope", one);
  if (credential != nullptr) {
    made.url = made.url.with_query("account", credential->user);
    made.authorization = {
        .kind = Authorization::Kind::kBasic, .user = credential->user, .secret = credential->password};
  }
  return made;
}

Task<std::string> TokenServer::token(Loop& loop, Trusts& trusts, const Credential* credential) {
  if (!token_.empty() && std::chrono::steady_clock::now() + kMoment < until_) co_return token_;
  const auto asked = request(trusts, credential);
  Retry retry(loop.network().retries);
  while (true) {
    const auto reply = co_await follow(loop, trusts, asked);
    if (reply.ok()) {
      keep(reply);
      co_return token_;
    }
    const auto wait = retry.next(reply);
    if (!wait)
      complain(reply,
               {.who = "the token server of registry " + text::quoted(registry_), .shown = credential != nullptr});
    co_await loop.pause(*wait);
  }
}

void TokenServer::keep(const Reply& reply) {
  const auto answer = json::parse(reply.body, "the answer of the token server of registry " + text::quoted(registry_));
  auto found = json::get_or<std::string>(answer, "token", "");
  if (found.empty()) found = json::get_or<std::string>(answer, "access_token", "");
  if (!is_token(found)) {
    throw Error(Errc::kNetworkFailed,
                "the token server of registry " + text::quoted(registry_) + " gave no usable token");
  }
  const auto life = json::get_or<std::int64_t>(answer, "expires_in", kLeastLife);
  token_ = std::move(found);
  until_ = std::chrono::steady_clock::now() + std::chrono::seconds(std::clamp(life, kLeastLife, kMostLife));
}

}  // namespace sdme::registry
