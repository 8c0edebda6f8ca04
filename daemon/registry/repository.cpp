// SPDX-License-Identifier: MIT
#include "registry/repository.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/follow.hpp"

namespace sdme::registry {

namespace {

constexpr int kMostUnanswered = 2;  // of greetings

std::string host_of(const Place& place) { return place.host == kDockerHub ? "registry-1.docker.io" : place.host; }

bool may_be_plain(const Failure& failure) {
  return failure.kind == Failure::Kind::kUntrusted || failure.kind == Failure::Kind::kUnreachable ||
         failure.kind == Failure::Kind::kBrokenOff;
}

}  // namespace

Repository::Repository(Loop& loop, Trusts& trusts, const Credentials& credentials, Place place, Tell tell)
    : loop_(loop),
      trusts_(trusts),
      place_(std::move(place)),
      tell_(std::move(tell)),
      credential_(credentials.find(place_.host, place_.path)),
      base_("https://" + host_of(place_)) {
  if (place_.insecure) trusts_.never_verify(host_of(place_));
}

Request Repository::request(const std::string& path) const {
  auto url = Url::parse(base_ + path);
  if (!url) throw Error(Errc::kInvalidArgument, text::quoted(place_.host) + " is no host that can be asked");
  return {.url = *url, .trust = &trusts_.of(host_of(place_))};
}

Task<void> Repository::greet() {
  int failures = 0;
  Retry retry(loop_.network().retries);
  while (true) {
    const auto ping = request("/v2/");
    const auto reply = co_await follow(loop_, trusts_, ping);
    if (reply.failure && place_.insecure && ping.url.encrypted() && may_be_plain(*reply.failure)) {
      base_ = "http://" + host_of(place_);
      continue;
    }
    // A token server that another host names, to which this one redirects, is not shown what is for this one.
    const bool own = !reply.elsewhere || credential_ == nullptr;
    if (!reply.failure && reply.head.status == 401 && own) learn(reply);
    // Whatever else it answers, it may still know the image: what it says of that counts.
    if (!reply.failure && reply.head.status != 429 && reply.head.status < 500) {
      greeted_ = true;
      co_return;
    }
    // A name that is wrong should not take minutes to say so.
    if (reply.failure && (reply.failure->kind == Failure::Kind::kUnreachable || ++failures > kMostUnanswered)) {
      refuse(reply, "");
    }
    const bool again = co_await wait(retry, reply);
    if (!again) refuse(reply, "");
  }
}

Task<Reply> Repository::get(std::string what, std::string accept, std::size_t limit) {
  if (!greeted_) co_await greet();
  auto asked = request("/v2/" + place_.path + "/" + what);
  asked.accept = std::move(accept);
  asked.limit = limit;
  Retry retry(loop_.network().retries);
  while (true) {
    auto reply = co_await ask(asked);
    if (reply.ok()) co_return reply;
    const bool again = co_await wait(retry, reply);
    if (!again) co_return reply;
  }
}

Task<Reply> Repository::attempt(std::string blob, std::uint64_t from, Sink& sink) {
  if (!greeted_) co_await greet();
  auto asked = request("/v2/" + place_.path + "/blobs/" + blob);
  asked.from = from;
  asked.sink = &sink;
  asked.decode = false;  // some servers call a compressed layer's own bytes an encoding
  auto reply = co_await ask(std::move(asked));
  co_return reply;
}

Task<Reply> Repository::ask(Request request) {
  co_await show(request);
  auto reply = co_await follow(loop_, trusts_, request);
  if (reply.elsewhere || reply.failure || !learn(reply)) co_return reply;
  co_await show(request);
  auto second = co_await follow(loop_, trusts_, request);
  co_return second;
}

Task<void> Repository::show(Request& request) {
  request.authorization = {};
  if (basic_) {
    if (credential_ != nullptr && credential_->identity_token.empty()) {
      request.authorization = {
          .kind = Authorization::Kind::kBasic, .user = credential_->user, .secret = credential_->password};
    }
  } else if (tokens_) {
    const auto server = tokens_;
    auto token = co_await server->token(loop_, trusts_, credential_);
    request.authorization = {.kind = Authorization::Kind::kBearer, .user = {}, .secret = std::move(token)};
  }
}

bool Repository::learn(const Reply& reply) {
  if (reply.head.status != 401 && reply.head.status != 403) return false;
  for (const auto& header : reply.head.challenges) {
    for (const auto& challenge : parse_challenges(header)) {
      if (challenge.scheme == "basic") {
        const bool news = !basic_ && credential_ != nullptr;
        basic_ = true;
        tokens_.reset();
        return news;
      }
      if (challenge.scheme != "bearer") continue;
      basic_ = false;
      if (!tokens_) {
        tokens_ = std::make_shared<TokenServer>(challenge, place_, trusts_.of(host_of(place_)));
      }
      const auto scope = challenge.get("scope");
      const bool more = challenge.get("error") == "insufficient_scope" && !scope.empty();
      if (more) tokens_->ask_also_for(scope);
      tokens_->forget();
      return more || reply.head.status == 401;
    }
  }
  if (reply.head.status == 401 && tokens_) {  // some say no more than that
    tokens_->forget();
    return true;
  }
  return false;
}

void Repository::refuse(const Reply& reply, const std::string& what) const {
  complain(reply, {.who = "registry " + text::quoted(place_.host), .what = what, .shown = credential_ != nullptr});
}

Task<bool> Repository::wait(Retry& retry, const Reply& reply) {
  const auto time = retry.next(reply);
  if (!time) co_return false;
  if (reply.head.status == 429) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*time).count();
    tell_("registry " + text::quoted(place_.host) + " asks to wait " + std::to_string(seconds) + " s");
  } else if (reply.failure) {
    tell_("trying registry " + text::quoted(place_.host) + " again: " + reply.failure->reason);
  } else {
    tell_("trying registry " + text::quoted(place_.host) + " again: it answered with HTTP status " +
          std::to_string(reply.head.status));
  }
  co_await loop_.pause(*time);
  co_return true;
}

}  // namespace sdme::registry
