// SPDX-License-Identifier: MIT
#include "registry/follow.hpp"

#include <utility>

#include "base/text.hpp"

namespace sdme::registry {

namespace {

bool redirects(const Reply& reply) {
  const auto status = reply.head.status;
  const bool moved = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return !reply.failure && moved && !reply.head.location.empty();
}

Reply refused(Reply reply, const std::string& why) {
  reply.failure = Failure{.kind = Failure::Kind::kRefused, .reason = why};
  return reply;
}

}  // namespace

Task<Reply> follow(Loop& loop, Trusts& trusts, Request request) {
  const auto first = request.url;
  for (int hop = 0;; ++hop) {
    auto reply = co_await loop.exchange(request);
    reply.elsewhere = !request.url.same_origin(first);
    if (!redirects(reply) || request.form) co_return reply;
    if (hop == kMostRedirections) {
      co_return refused(std::move(reply), "it redirects more than " + std::to_string(kMostRedirections) + " times");
    }
    auto next = Url::parse(reply.head.location);
    if (!next) co_return refused(std::move(reply), "it redirects to what is no http or https URL");
    if (request.url.encrypted() && !next->encrypted()) {
      co_return refused(std::move(reply), "it redirects from https to http, to " + text::quoted(next->authority()));
    }
    if (!next->same_origin(request.url)) request.trust = &trusts.of(next->authority());
    if (!next->same_origin(first)) request.authorization = {};
    request.url = *std::move(next);
  }
}

}  // namespace sdme::registry
