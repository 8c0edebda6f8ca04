// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sdme::registry {

// What a server said before the body.
struct Head {
  long status = 0;  // 0: it said nothing
  std::optional<std::uint64_t> length;  // Content-Length
  std::string content_type;
  std::string content_range;
  std::string etag;
  std::string last_modified;
  std::string retry_after;
  std::string location;  // of a redirection: absolute
  std::vector<std::string> challenges;  // each WWW-Authenticate
};

// Why there is no whole answer.
struct Failure {
  enum class Kind {
    kUnreachable,  // no such host, nobody listens, no route
    kUntrusted,    // TLS did not come about, or its certificate does not hold
    kTimedOut,     // connecting took too long, or it became too slow
    kBrokenOff,    // in the middle
    kRefused,      // by us: too large, a redirection that is not followed
  };
  Kind kind = Kind::kBrokenOff;
  std::string reason;  // printable
};

struct Reply {
  Head head;
  std::string body;  // of an error, or where no sink takes it
  std::optional<Failure> failure;
  bool elsewhere = false;  // redirected to another host than was asked

  bool ok() const { return !failure && (head.status == 200 || head.status == 206); }
};

}  // namespace sdme::registry
