// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <random>
#include <string>

#include "registry/reply.hpp"

namespace sdme::registry {

// Retry-After (RFC 9110, 10.2.3): seconds, or a date, of which `now` is taken away; nothing when it
// is neither. What is past is 0.
std::optional<std::chrono::seconds> retry_after(const std::string& header, std::time_t now);

// When to try once more, and when no more: twice as long each time, a part of it by chance, so that many
// clients of a server that comes back do not come back together.
class Retry {
 public:
  static constexpr std::chrono::seconds kLongest{120};  // a server that asks for more is not waited for

  explicit Retry(int most) : most_(most) {}

  // How long to wait, nothing when it has been tried often enough or trying again would not help.
  std::optional<std::chrono::milliseconds> next(const Reply& reply);

  // Something came: what failed before is forgotten.
  void succeeded() { failures_ = 0; }

 private:
  std::chrono::milliseconds backoff();

  int most_;
  int failures_ = 0;
  std::minstd_rand chance_{std::random_device{}()};
};

}  // namespace sdme::registry
