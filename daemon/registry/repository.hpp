// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "registry/complaint.hpp"
#include "registry/credentials.hpp"
#include "registry/loop.hpp"
#include "registry/registries.hpp"
#include "registry/retry.hpp"
#include "registry/token.hpp"

namespace sdme::registry {

// What it waits for, for a person who watches.
using Tell = std::function<void(const std::string&)>;

// One repository at one registry: the distribution spec's "pull", and how to be let in.
class Repository {
 public:
  Repository(Loop& loop, Trusts& trusts, const Credentials& credentials, Place place, Tell tell);

  const Place& place() const { return place_; }

  // "manifests/VERSION" or "blobs/DIGEST", whole and small. Tried again as long as that may help.
  Task<Reply> get(std::string what, std::string accept, std::size_t limit);

  // One attempt at a blob, from a byte on, into a sink; let in as needed, once again if a token ends.
  Task<Reply> attempt(std::string blob, std::uint64_t from, Sink& sink);

  // The error that an answer means.
  [[noreturn]] void refuse(const Reply& reply, const std::string& what) const;

  // Waits before another attempt, and says so; false when there should be none.
  Task<bool> wait(Retry& retry, const Reply& reply);

 private:
  // Finds out, once, how the registry is spoken to and what it wants to be shown. NetworkFailed.
  Task<void> greet();
  Request request(const std::string& path) const;
  Task<Reply> ask(Request request);
  Task<void> show(Request& request);
  bool learn(const Reply& reply);  // of a refusal: whether asking again may help

  Loop& loop_;
  Trusts& trusts_;
  Place place_;
  Tell tell_;
  const Credential* credential_;
  std::string base_;  // SCHEME://HOST
  bool greeted_ = false;
  bool basic_ = false;
  std::shared_ptr<TokenServer> tokens_;  // shared with those who wait for a token while the registry changes its mind
};

}  // namespace sdme::registry
