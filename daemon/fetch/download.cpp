// SPDX-License-Identifier: MIT
#include "fetch/download.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "registry/complaint.hpp"
#include "registry/content_range.hpp"
#include "registry/follow.hpp"
#include "registry/retry.hpp"

namespace sdme::fetch {

namespace {

using registry::Failure;
using registry::Reply;
using registry::Task;

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::uint64_t kProgress = 1024 * 1024;  // so much more is enough to forget what failed before

bool may_be_elsewhere(const Error& error) {
  return error.code() == Errc::kNetworkFailed || error.code() == Errc::kNotFound || error.code() == Errc::kAccessDenied;
}

}  // namespace

Task<void> read_file(registry::Loop& loop, int file, std::uint64_t size,
                     std::function<void(std::span<const char>)> take) {
  std::vector<char> piece(kPiece);
  for (std::uint64_t at = 0; at < size;) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), size - at);
    const auto count = pread(file, piece.data(), static_cast<std::size_t>(wanted), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("reading a blob");
    if (count == 0) break;  // shorter than it was: its digest will not be right
    take({piece.data(), static_cast<std::size_t>(count)});
    at += static_cast<std::uint64_t>(count);
    co_await loop.pause(std::chrono::milliseconds(0));
  }
}

// One answer's body, into the blob.
class Download::Body : public registry::Sink {
 public:
  explicit Body(Blob& blob, bool resume) : blob_(blob), from_(resume ? blob.written() : 0) {}

  std::uint64_t from() const { return from_; }
  bool range_was_wrong() const { return range_was_wrong_; }

  void begin(const registry::Head& head) override {
    if (head.status == 206) {
      const auto range = registry::ContentRange::parse(head.content_range);
      range_was_wrong_ = !range || !range->is_rest(from_, blob_.size());
      return;
    }
    if (head.length && *head.length != blob_.size()) {
      throw Error(Errc::kVerificationFailed, "blob " + blob_.shown() + " has " + std::to_string(*head.length) +
                                                 " bytes at the registry and " + std::to_string(blob_.size()) +
                                                 " in the manifest");
    }
    blob_.rewind();
  }

  Flow take(std::span<const char> bytes) override {
    if (range_was_wrong_) return Flow::kStop;
    blob_.append(bytes);
    return Flow::kGoOn;
  }

 private:
  Blob& blob_;
  std::uint64_t from_;
  bool range_was_wrong_ = false;
};

Task<void> Download::get(Blob& blob) {
  const bool here = co_await from_cache(blob);
  if (here) co_return;
  blob.begin(files_.begin(blob.descriptor()));
  try {
    if (!blob.descriptor().data.empty()) {
      from_manifest(blob);
    } else {
      co_await take_over(blob);
      co_await from_places(blob);
    }
  } catch (const Error& error) {
    if (error.code() == Errc::kVerificationFailed) files_.discard(blob.descriptor(), blob.file());
    throw;
  }
  files_.keep(blob.descriptor());
}

void Download::from_manifest(Blob& blob) {
  blob.append(blob.descriptor().data);
  if (!blob.complete()) {
    throw Error(Errc::kVerificationFailed, "blob " + blob.shown() + " is not as long in the manifest as that says");
  }
  blob.verify();
}

Task<bool> Download::from_cache(Blob& blob) {
  auto file = files_.find_whole(blob.descriptor());
  if (!file) co_return false;
  oci::Hash hash(blob.descriptor().digest);
  co_await read_file(loop_, file->get(), blob.size(), [&](std::span<const char> bytes) { hash.add(bytes); });
  if (hash.finish() != blob.descriptor().digest) {
    log::warning("blob " + blob.shown() + " is damaged in the cache and is fetched anew");
    co_return false;
  }
  files_.mark_used(blob.descriptor());
  blob.set_whole(*std::move(file));
  co_return true;
}

// The digest goes on from where it was broken off, so what is there is read once more.
Task<void> Download::take_over(Blob& blob) {
  const auto size = files_.take_over(blob.descriptor(), blob.file());
  co_await read_file(loop_, blob.file(), size, [&](std::span<const char> bytes) { blob.hash_again(bytes); });
}

Task<void> Download::from_places(Blob& blob) {
  for (std::size_t place = 0;; ++place) {
    try {
      co_await from_place(blob, place);
      co_return;
    } catch (const Error& error) {
      if (place + 1 == places(blob) || !may_be_elsewhere(error)) throw;
    }
  }
}

Task<void> Download::from_place(Blob& blob, std::size_t place) {
  registry::Retry retry(loop_.network().retries);
  bool resume = true;
  auto most = blob.written();
  while (true) {
    if (blob.complete()) {
      if (verified(blob)) co_return;
      resume = false;
    }
    Body body(blob, resume);
    auto reply = co_await attempt(blob, place, body);
    if (blob.complete() && !body.range_was_wrong()) continue;
    if (reply.ok()) reply.failure = Failure{.kind = Failure::Kind::kBrokenOff, .reason = "it ended too early"};
    if (body.range_was_wrong()) {
      reply.failure =
          Failure{.kind = Failure::Kind::kBrokenOff, .reason = "it answered with another range than was asked for"};
    }
    const bool unsatisfiable = reply.head.status == 416 && body.from() > 0;
    resume = !body.range_was_wrong() && !unsatisfiable;
    if (unsatisfiable) continue;
    if (blob.written() >= most + kProgress) retry.succeeded();
    most = std::max(most, blob.written());  // so that a server cannot keep us here for ever
    const auto wait = retry.next(reply);
    if (!wait) refuse(blob, place, reply);
    co_await loop_.pause(*wait);
  }
}

// Where the first part was somebody else's, it may be that which is wrong: without it once more.
bool Download::verified(Blob& blob) {
  const bool had_part = blob.held();
  try {
    blob.verify();
    return true;
  } catch (const Error&) {
    if (!had_part) throw;
  }
  log::warning("what was kept of blob " + blob.shown() + " was wrong: it is fetched anew");
  blob.start_over();
  return false;
}

Task<Reply> Download::attempt(const Blob& blob, std::size_t place, Body& body) {
  if (place < found_.places.size()) {
    auto reply = co_await found_.places[place]->attempt(blob.shown(), body.from(), body);
    co_return reply;
  }
  const auto url = registry::Url::parse(blob.descriptor().urls[place - found_.places.size()]);
  if (!url || url->has_user) {
    throw Error(Errc::kNotFound, "the manifest names no usable URL for blob " + blob.shown());
  }
  registry::Request request = {.url = *url, .trust = &trusts_.of(url->authority())};
  request.from = body.from();
  request.decode = false;
  request.sink = &body;
  auto reply = co_await registry::follow(loop_, trusts_, std::move(request));
  co_return reply;
}

void Download::refuse(const Blob& blob, std::size_t place, const Reply& reply) const {
  const auto what = "blob " + blob.shown() + " of image " + text::quoted(found_.reference.str());
  if (place < found_.places.size()) found_.places[place]->refuse(reply, what);
  registry::complain(reply, {.who = "the server that the manifest names", .what = what});
}

}  // namespace sdme::fetch
