// SPDX-License-Identifier: MIT
#include "relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace sdme::client {

namespace {

bool readable_now(int fd) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

bool is_file(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

Relay::Relay(Loop& loop, int from, int to, Sink sink)
    : from_(from),
      to_(to),
      piece_(sink == Sink::kOwn || is_file(to) ? sizeof(buffer_) : PIPE_BUF),
      source_(loop, from, [this](short) { on_source(); }),
      sink_(loop, to, [this](short revents) { on_sink(revents); }) {
  arm();
}

void Relay::arm() {
  if (ended_ || held() > 0) {
    source_.rest();
  } else {
    source_.want(POLLIN);
  }
  if (sink_gone_) {
    sink_.rest();
  } else {
    sink_.want(held() > 0 ? POLLOUT : 0);
  }
}

void Relay::finish() {
  finishing_ = true;
  if (held() == 0 && !readable_now(from_)) ended_ = true;
  arm();
}

void Relay::on_source() {
  const auto count = ::read(from_, buffer_.data(), buffer_.size());
  if (count > 0) {
    begin_ = 0;
    end_ = static_cast<std::size_t>(count);
    if (filter_) filter_(buffer_.data(), end_);
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    // A terminal whose other side is gone says EIO: an end like any other.
    ended_ = true;
  }
  if (held() > 0 && piece_ == sizeof(buffer_)) write_some();
  if (finishing_ && held() == 0 && !readable_now(from_)) ended_ = true;
  arm();
}

void Relay::on_sink(short revents) {
  if (revents & POLLOUT) write_some();
  if (revents & (POLLERR | POLLHUP | POLLNVAL)) sink_gone_ = true;
  if (sink_gone_) {
    ended_ = true;
    begin_ = end_;
  }
  if (finishing_ && held() == 0 && !readable_now(from_)) ended_ = true;
  arm();
}

void Relay::write_some() {
  const auto count = ::write(to_, buffer_.data() + begin_, std::min(held(), piece_));
  if (count > 0) {
    begin_ += static_cast<std::size_t>(count);
  } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
    if (errno != EPIPE) sink_error_ = errno;
    sink_gone_ = true;
    ended_ = true;
    begin_ = end_;
  }
}

}  // namespace sdme::client
