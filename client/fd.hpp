// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <sdbus-c++/Types.h>

#include <utility>

namespace sdme::client {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = other.release();
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(release());
  }

  // For a message: the descriptor goes with it and is closed here.
  sdbus::UnixFd give() { return sdbus::UnixFd(release(), sdbus::adopt_fd); }
  // From a message. sdbus-c++ makes its copy without close-on-exec.
  static Fd take(sdbus::UnixFd&& from) {
    Fd fd(from.release());
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    return fd;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

// Both ends are closed on exec.
Pipe make_pipe();

}  // namespace sdme::client
