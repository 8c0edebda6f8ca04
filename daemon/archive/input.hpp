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

// The bytes somebody hands us: a regular file, a part of one, or a pipe, blocking or not, read once
// to its end by one thread while another may count along or break it off.
class Input {
 public:
  static constexpr std::size_t kBlockSize = 256 * 1024;

  explicit Input(os::UniqueFd fd);
  // Of a regular file, whatever its offset, which stays as it is. A file that ends sooner is Corrupt.
  Input(os::UniqueFd fd, std::uint64_t offset, std::uint64_t length);
  Input(Input&&) noexcept = default;  // before it is read
  Input& operator=(Input&&) noexcept = default;

  // Full blocks until the last; nothing at the end. Valid until the call after the next.
  std::span<const char> next();
  // The last `count` bytes that next() returned, in up to two pieces, in order.
  std::array<std::span<const char>, 2> last(std::uint64_t count) const;

  std::uint64_t bytes_read() const { return shared_->bytes_read; }
  bool at_end() const { return shared_->at_end; }
  void break_off();  // next() throws Cancelled from now on

 private:
  struct Part {
    std::uint64_t offset;
    std::uint64_t left;
  };
  struct Shared {
    std::atomic<std::uint64_t> bytes_read = 0;
    std::atomic<bool> at_end = false;
  };

  std::size_t read_some(char* to, std::size_t room);
  std::size_t read_part(char* to, std::size_t room);

  os::UniqueFd fd_;
  os::UniqueFd broken_off_;  // an eventfd
  std::optional<Part> part_;
  std::array<std::unique_ptr<char[]>, 2> blocks_;
  std::span<const char> current_;
  std::span<const char> former_;
  std::unique_ptr<Shared> shared_ = std::make_unique<Shared>();
};

}  // namespace sdme::archive
