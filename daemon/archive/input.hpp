// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "os/unique_fd.hpp"

namespace sdme::archive {

// The bytes somebody hands us: a regular file, a part of one, or a pipe, blocking or not, read once to
// its end by one thread while another may count along or break it off.
class Input {
 public:
  static constexpr std::size_t kBlockSize = 256 * 1024;

  explicit Input(os::UniqueFd fd);
  // A part of a regular file, whatever the fd's own offset is, which stays as it was. Corrupt when
  // the file ends before it does.
  Input(os::UniqueFd fd, std::uint64_t offset, std::uint64_t length);

  // Full blocks until the last; nothing at the end. Valid until the call after the next.
  std::span<const char> next();
  // The last `count` bytes that next() returned, in up to two pieces, in order.
  std::array<std::span<const char>, 2> last(std::uint64_t count) const;

  std::uint64_t bytes_read() const { return bytes_read_; }
  void break_off();  // next() throws Cancelled from now on

 private:
  struct Range {
    std::uint64_t offset;
    std::uint64_t left;
  };
  std::size_t read_some(char* to, std::size_t room);
  std::size_t read_range(char* to, std::size_t room);

  os::UniqueFd fd_;
  std::optional<Range> range_;
  os::UniqueFd broken_off_;  // an eventfd
  std::array<std::unique_ptr<char[]>, 2> blocks_;
  std::span<const char> current_;
  std::span<const char> former_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace sdme::archive
