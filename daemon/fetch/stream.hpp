// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fetch/feed.hpp"
#include "fetch/link.hpp"
#include "oci/hash.hpp"
#include "registry/loop.hpp"
#include "registry/trust.hpp"

namespace sdme::fetch {

// The bytes of a URL, through a pipe and nowhere else. A reader that is slow slows the server down.
//
// Where the server breaks off, it is asked for the rest of the same thing, as its ETag or Last-Modified
// names it. If all comes again instead, what was sent already is skipped when it has the same digest.
class Stream : public registry::Sink {
 public:
  Stream(registry::Loop& loop, registry::Trusts& trusts, const Link& link, std::uint64_t limit);

  // NotFound, AccessDenied, NetworkFailed, LimitExceeded; Cancelled when nobody reads.
  registry::Task<void> send(registry::Url url);
  bool drained() const { return kept_.empty(); }  // all that came is in the pipe

 private:
  void begin(const registry::Head& head) override;
  Flow take(std::span<const char> bytes) override;
  void open(const registry::Head& head);
  std::span<const char> skip(std::span<const char> bytes);  // what is left of them
  void must_fit(std::uint64_t size) const;
  void heed();
  void flush();
  registry::Request request(const registry::Url& url);
  bool went_wrong(registry::Reply& reply);

  registry::Loop& loop_;
  registry::Trusts& trusts_;
  const Link& link_;
  std::uint64_t limit_;
  std::string name_;
  Pipe pipe_;
  std::optional<registry::Loop::Watch> watch_;
  std::vector<char> kept_;        // what did not fit into the pipe
  bool paused_ = false;
  std::uint64_t received_ = 0;    // all that goes or went into the pipe
  std::uint64_t total_ = 0;       // 0 unknown
  std::string validator_;         // of what is being sent, "" for none
  oci::Hash hash_{"sha256"};      // of what was received
  std::uint64_t to_skip_ = 0;     // of what comes again
  std::optional<oci::Hash> again_;  // of that
  bool range_was_wrong_ = false;
};

}  // namespace sdme::fetch
