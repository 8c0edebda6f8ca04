// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <list>

#include "fetch/blob.hpp"
#include "fetch/link.hpp"
#include "registry/loop.hpp"

namespace sdme::fetch {

// A pipe with as much room as this user may have, whose writing end does not wait.
struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
  static Pipe make();
};

// Sends blobs to the unit that unpacks as far as they have come, each through a pipe of its own, from their
// files: a reader that is slow holds up no download, and pages go into the pipe as they are. In the order of
// the layers, as far as they may be sent; a few at a time, since pipes are memory too.
class Feed {
 public:
  Feed(registry::Loop& loop, const Link& link) : loop_(loop), link_(link) {}

  void add(Blob& blob) { waiting_.push_back(&blob); }

  // Sends what can be sent now. Called whenever something may have come. Cancelled when a pipe is not read to its
  // end: whoever unpacks has found fault with a layer.
  void pump();
  bool done() const { return waiting_.empty() && open_.empty(); }

 private:
  struct Open {
    Open(registry::Loop& loop, Blob& blob, os::UniqueFd pipe);
    bool send();  // true when all was

    Blob& blob;
    os::UniqueFd pipe;
    void heed();  // the pipe has room again, or nobody reads it any more

    bool full = false;
    registry::Loop::Watch watch;
  };

  registry::Loop& loop_;
  const Link& link_;
  std::deque<Blob*> waiting_;
  std::list<Open> open_;
};

}  // namespace sdme::fetch
