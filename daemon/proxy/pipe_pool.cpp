// SPDX-License-Identifier: MIT
#include "proxy/pipe_pool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sdme::proxy {

namespace {

constexpr std::size_t kMostIdle = 64;
constexpr std::size_t kMostLarge = 32;  // half of what a user may have, pipe(7)

}  // namespace

std::optional<Pipe> PipePool::take() {
  if (!idle_.empty()) {
    auto pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) return std::nullopt;
  const bool large = large_ < kMostLarge && fcntl(ends[1], F_SETPIPE_SZ, kLarge) > 0;
  if (large) ++large_;
  return Pipe{.read_end = os::UniqueFd(ends[0]), .write_end = os::UniqueFd(ends[1]), .large = large};
}

void PipePool::give_back(Pipe pipe) {
  if (pipe.held == 0 && idle_.size() < kMostIdle) return idle_.push_back(std::move(pipe));
  if (pipe.large) --large_;
}

}  // namespace sdme::proxy
