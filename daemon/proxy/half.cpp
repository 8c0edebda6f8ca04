// SPDX-License-Identifier: MIT
#include "proxy/half.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace sdme::proxy {

namespace {

constexpr int kMostRounds = 4;
constexpr int kMostSalvaged = 16;
// After less than this there is hardly more: asking costs a call, and the loop tells it anyway.
constexpr ssize_t kMuch = 16 * 1024;

ssize_t splice_some(int from, int to, std::size_t count) {
  ssize_t moved = 0;
  do {
    moved = splice(from, nullptr, to, nullptr, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (moved < 0 && errno == EINTR);
  return moved;
}

// splice(2) never goes beyond an urgent byte, recv(2) does. So few bytes find room in any empty pipe.
ssize_t copy_some(int from, int to) {
  std::array<char, PIPE_BUF> bytes;
  const auto count = recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
  return count > 0 ? write(to, bytes.data(), static_cast<std::size_t>(count)) : count;
}

}  // namespace

bool Half::move(int from, int to) {
  for (int round = 0; round < kMostRounds; ++round) {
    if (pipe_ && flush(to) == Step::kBroken) return false;
    if (pipe_ || ended_) return true;
    const auto filled = fill(from);
    if (filled == Step::kBroken) return false;
    if (filled == Step::kNothing) return true;
    if (filled == Step::kEnd) return pass_end(to);
    if (filled == Step::kSome) return flush(to) != Step::kBroken;
  }
  return true;
}

void Half::salvage(int from, int to) {
  for (int round = 0; round < kMostSalvaged && !ended_; ++round) {
    if (pipe_ && flush(to) != Step::kMuch) return;
    const auto filled = fill(from);
    if (filled != Step::kSome && filled != Step::kMuch) return;
  }
}

// The pipe is empty, so that EAGAIN can only be the sender's: that of a byte that is urgent, too.
Half::Step Half::fill(int from) {
  pipe_ = pool_.take();
  if (!pipe_) return Step::kBroken;
  auto count = splice_some(from, pipe_->write_end.get(), PipePool::kLarge);
  if (count < 0 && errno == EAGAIN) count = copy_some(from, pipe_->write_end.get());
  if (count > 0) {
    pipe_->held = static_cast<std::size_t>(count);
    return count < kMuch ? Step::kSome : Step::kMuch;
  }
  const int failure = count < 0 ? errno : 0;
  drop();
  if (failure == 0) return Step::kEnd;
  return failure == EAGAIN || failure == EINTR ? Step::kNothing : Step::kBroken;
}

bool Half::pass_end(int to) {
  ended_ = true;
  return shutdown(to, SHUT_WR) == 0;
}

Half::Step Half::flush(int to) {
  while (pipe_->held > 0) {
    const auto count = splice_some(pipe_->read_end.get(), to, pipe_->held);
    if (count < 0 && errno == EAGAIN) return Step::kNothing;
    if (count <= 0) return Step::kBroken;
    pipe_->held -= static_cast<std::size_t>(count);
  }
  drop();
  return Step::kMuch;
}

void Half::drop() {
  if (pipe_) pool_.give_back(*std::exchange(pipe_, std::nullopt));
}

}  // namespace sdme::proxy
