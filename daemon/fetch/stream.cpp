// SPDX-License-Identifier: MIT
#include "fetch/stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/complaint.hpp"
#include "registry/content_range.hpp"
#include "registry/follow.hpp"
#include "registry/retry.hpp"

namespace sdme::fetch {

namespace {

using registry::Failure;
using registry::Task;

constexpr std::uint64_t kProgress = 1024 * 1024;
constexpr std::size_t kLongestName = 255;

[[noreturn]] void changed() { throw Error(Errc::kNetworkFailed, "the file was changed while it was being fetched"); }

[[noreturn]] void unread() { throw Error(Errc::kCancelled, "the unit that unpacks reads no more"); }

// A weak ETag may stand for other bytes, and If-Range takes none.
std::string validator_of(const registry::Head& head) {
  if (!head.etag.empty() && !head.etag.starts_with("W/")) return head.etag;
  return head.last_modified;
}

}  // namespace

Stream::Stream(registry::Loop& loop, registry::Trusts& trusts, const Link& link, std::uint64_t limit)
    : loop_(loop), trusts_(trusts), link_(link), limit_(limit) {}

registry::Request Stream::request(const registry::Url& url) {
  registry::Request made = {.url = url, .trust = &trusts_.of(url.authority())};
  made.sink = this;
  made.decode = false;
  if (received_ > 0 && !validator_.empty()) {
    made.from = received_;
    made.headers.push_back("If-Range: " + validator_);
  }
  return made;
}

Task<void> Stream::send(registry::Url url) {
  const auto name = url.last_name();
  name_ = name.empty() ? url.host : name.substr(0, kLongestName);
  registry::Retry retry(loop_.network().retries);
  auto before = received_;
  while (true) {
    range_was_wrong_ = false;
    auto reply = co_await registry::follow(loop_, trusts_, request(url));
    if (!went_wrong(reply)) co_return;
    if (received_ >= before + kProgress) retry.succeeded();
    before = received_;
    const bool hopeless = received_ == 0 && reply.failure && reply.failure->kind == Failure::Kind::kUnreachable;
    const auto wait = hopeless ? std::nullopt : retry.next(reply);
    if (!wait) registry::complain(reply, {.who = "the server of " + text::quoted(url.text), .what = "such file"});
    link_.note("trying " + text::quoted(url.host) + " again");
    co_await loop_.pause(*wait);
  }
}

bool Stream::went_wrong(registry::Reply& reply) {
  const bool unsatisfiable = reply.head.status == 416 && received_ > 0;
  const bool short_of = to_skip_ > 0 || received_ < total_;
  if (range_was_wrong_ || unsatisfiable) {
    validator_.clear();  // no more ranges
    reply.failure =
        Failure{.kind = Failure::Kind::kBrokenOff, .reason = "it answered with another range than was asked for"};
  } else if (reply.ok() && short_of) {
    reply.failure = Failure{.kind = Failure::Kind::kBrokenOff, .reason = "it ended too early"};
  }
  return !reply.ok();
}

void Stream::must_fit(std::uint64_t size) const {
  if (size <= limit_) return;
  throw Error(Errc::kLimitExceeded, "the file is larger than the " + std::to_string(limit_) +
                                        " bytes that a fetched file may have (FetchMaxBytes= of sdmed.conf)");
}

void Stream::begin(const registry::Head& head) {
  if (!pipe_.write) return open(head);
  if (head.status == 206) {
    const auto range = registry::ContentRange::parse(head.content_range);
    if (total_ == 0 && range) total_ = range->total.value_or(0);  // or a part of the rest would pass for all of it
    must_fit(total_);
    range_was_wrong_ = !range || range->first != received_ || (total_ > 0 && !range->is_rest(received_, total_));
    return;
  }
  if (head.length && total_ > 0 && *head.length != total_) changed();
  validator_ = validator_of(head);
  to_skip_ = received_;
  again_.emplace("sha256");
}

void Stream::open(const registry::Head& head) {
  if (head.status != 200) {
    range_was_wrong_ = true;
    return;
  }
  total_ = head.length.value_or(0);
  must_fit(total_);
  validator_ = validator_of(head);
  pipe_ = Pipe::make();
  watch_.emplace(loop_, pipe_.write.get(), POLLERR, [this] { heed(); });
  link_.stream(name_, total_, pipe_.read.get());
  pipe_.read.reset();
}

std::span<const char> Stream::skip(std::span<const char> bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), to_skip_));
  if (count == 0) return bytes;
  again_->add(bytes.first(count));
  to_skip_ -= count;
  if (to_skip_ == 0 && again_->finish() != hash_.so_far()) changed();
  return bytes.subspan(count);
}

registry::Sink::Flow Stream::take(std::span<const char> bytes) {
  if (range_was_wrong_) return Flow::kStop;
  if (!kept_.empty()) {
    paused_ = true;
    return Flow::kPause;
  }
  bytes = skip(bytes);
  must_fit(received_ + bytes.size());
  hash_.add(bytes);
  received_ += bytes.size();
  kept_.assign(bytes.begin(), bytes.end());
  flush();
  return Flow::kGoOn;
}

// The pipe has room again, or nobody reads it any more: a server that then fails is not to blame for that.
void Stream::heed() {
  if (kept_.empty()) unread();
  flush();
}

void Stream::flush() {
  std::size_t sent = 0;
  while (sent < kept_.size()) {
    const auto count = write(pipe_.write.get(), kept_.data() + sent, kept_.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) unread();
    if (count < 0 && errno != EAGAIN) throw_errno("sending the file");
    if (count < 0) break;
    sent += static_cast<std::size_t>(count);
  }
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(sent));
  watch_->listen(kept_.empty() ? POLLERR : POLLOUT);
  if (!kept_.empty() || !paused_) return;
  paused_ = false;
  loop_.go_on(*this);
}

}  // namespace sdme::fetch
