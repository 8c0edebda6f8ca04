// SPDX-License-Identifier: MIT
#include "registry/retry.hpp"

#include <curl/curl.h>

#include <algorithm>

#include "base/text.hpp"

namespace sdme::registry {

namespace {

constexpr std::chrono::milliseconds kFirst{500};
constexpr std::chrono::milliseconds kMost{30'000};

bool may_pass(const Reply& reply) {
  if (reply.failure) {
    return reply.failure->kind == Failure::Kind::kTimedOut || reply.failure->kind == Failure::Kind::kBrokenOff ||
           reply.failure->kind == Failure::Kind::kUnreachable;
  }
  const auto status = reply.head.status;
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::optional<std::chrono::seconds> retry_after(const std::string& header, std::time_t now) {
  if (const auto seconds = text::to_unsigned(header)) {
    constexpr std::uint64_t kYear = 365 * 86400;
    return std::chrono::seconds(std::min(*seconds, kYear));
  }
  const auto when = curl_getdate(header.c_str(), nullptr);
  if (header.empty() || when < 0) return std::nullopt;
  return std::chrono::seconds(std::max<std::time_t>(when - now, 0));
}

std::optional<std::chrono::milliseconds> Retry::next(const Reply& reply) {
  if (!may_pass(reply) || failures_ >= most_) return std::nullopt;
  const auto wait = backoff();
  const auto asked = reply.failure ? std::nullopt : retry_after(reply.head.retry_after, std::time(nullptr));
  if (asked && *asked > kLongest) return std::nullopt;
  return asked ? std::max<std::chrono::milliseconds>(*asked, wait / 4) : wait;
}

std::chrono::milliseconds Retry::backoff() {
  const auto whole = std::min(kFirst * (1 << std::min(failures_, 10)), kMost);
  ++failures_;
  return whole / 2 + std::chrono::milliseconds(std::uniform_int_distribution<long>(0, whole.count() / 2)(chance_));
}

}  // namespace sdme::registry
