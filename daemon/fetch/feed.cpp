// SPDX-License-Identifier: MIT
#include "fetch/feed.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace sdme::fetch {

namespace {

constexpr std::size_t kMostOpen = 8;
constexpr int kPipeSize = 1024 * 1024;  // the most that a user without rights may have (pipe(7))

[[noreturn]] void unread() { throw Error(Errc::kCancelled, "the unit that unpacks reads no more"); }

}  // namespace

Pipe Pipe::make() {
  int ends[2] = {};
  if (pipe2(ends, O_CLOEXEC) < 0) throw_errno("making a pipe");
  Pipe made = {.read = os::UniqueFd(ends[0]), .write = os::UniqueFd(ends[1])};
  if (fcntl(made.write.get(), F_SETFL, O_NONBLOCK) < 0) throw_errno("making a pipe");
  static_cast<void>(fcntl(made.write.get(), F_SETPIPE_SZ, kPipeSize));  // less is only slower
  return made;
}

Feed::Open::Open(registry::Loop& loop, Blob& given, os::UniqueFd end)
    : blob(given), pipe(std::move(end)), watch(loop, pipe.get(), POLLERR, [this] { heed(); }) {}

void Feed::Open::heed() {
  if (!std::exchange(full, false)) unread();
}

bool Feed::Open::send() {
  while (!full && blob.sent() < blob.sendable()) {
    auto at = static_cast<off_t>(blob.sent());
    const auto count = splice(blob.file(), &at, pipe.get(), nullptr, blob.sendable() - blob.sent(), SPLICE_F_NONBLOCK);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) unread();
    if (count < 0 && errno != EAGAIN) throw_errno("sending a layer");
    if (count == 0) throw Error(Errc::kCorrupt, "blob " + blob.shown() + " has shrunk");
    if (count < 0) {
      full = true;
    } else {
      blob.count_sent(static_cast<std::uint64_t>(count));
    }
  }
  // That its reader went is seen also while nothing is to be sent: a server that is slow, or then fails, is not to
  // blame for what was wrong with another layer.
  watch.listen(full ? POLLOUT : POLLERR);
  return blob.whole() && blob.sent() == blob.size();
}

void Feed::pump() {
  while (open_.size() < kMostOpen) {
    const auto next = std::ranges::find_if(
        waiting_, [](const Blob* blob) { return blob->whole() || (blob->begun() && !blob->held()); });
    if (next == waiting_.end()) break;
    auto pipe = Pipe::make();
    link_.layer((*next)->place(), pipe.read.get());
    open_.emplace_back(loop_, **next, std::move(pipe.write));
    waiting_.erase(next);
  }
  std::erase_if(open_, [](Open& open) { return open.send(); });
}

}  // namespace sdme::fetch
