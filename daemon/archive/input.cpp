// SPDX-License-Identifier: MIT
#include "archive/input.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace sdme::archive {

Input::Input(os::UniqueFd fd) : fd_(std::move(fd)), broken_off_(eventfd(0, EFD_CLOEXEC)) {
  if (!broken_off_) throw_errno("making an eventfd");
  for (auto& block : blocks_) block = std::make_unique_for_overwrite<char[]>(kBlockSize);
}

Input::Input(os::UniqueFd fd, std::uint64_t offset, std::uint64_t length) : Input(std::move(fd)) {
  part_ = Part{offset, length};
}

std::span<const char> Input::next() {
  char* const block = current_.data() == blocks_[0].get() ? blocks_[1].get() : blocks_[0].get();
  std::size_t filled = 0;
  while (filled < kBlockSize) {
    const auto got = read_some(block + filled, kBlockSize - filled);
    if (got == 0) break;
    filled += got;
    shared_->bytes_read += got;
  }
  if (filled < kBlockSize) shared_->at_end = true;
  if (filled == 0) return {};
  former_ = std::exchange(current_, {block, filled});
  return current_;
}

std::array<std::span<const char>, 2> Input::last(std::uint64_t count) const {
  const auto of_current = std::min<std::uint64_t>(count, current_.size());
  const auto of_former = std::min<std::uint64_t>(count - of_current, former_.size());
  return {former_.last(of_former), current_.last(of_current)};
}

void Input::break_off() { eventfd_write(broken_off_.get(), 1); }

// A read that may wait is always preceded by a poll, so that break_off() ends it.
std::size_t Input::read_some(char* to, std::size_t room) {
  while (true) {
    pollfd waiting[] = {{fd_.get(), POLLIN, 0}, {broken_off_.get(), POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0) {
      if (errno == EINTR) continue;
      throw_errno("waiting for the archive");
    }
    if (waiting[1].revents != 0) throw Error(Errc::kCancelled, "reading the archive was broken off");
    if (part_) return read_part(to, room);
    const ssize_t got = ::read(fd_.get(), to, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) throw_errno("reading the archive");
  }
}

std::size_t Input::read_part(char* to, std::size_t room) {
  const auto wanted = std::min<std::uint64_t>(room, part_->left);
  ssize_t got = 0;
  do {
    got = pread(fd_.get(), to, wanted, static_cast<off_t>(part_->offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw_errno("reading the archive");
  if (got == 0 && wanted > 0) throw Error(Errc::kCorrupt, "the archive is truncated: it ends within a part of it");
  part_->offset += static_cast<std::uint64_t>(got);
  part_->left -= static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

}  // namespace sdme::archive
