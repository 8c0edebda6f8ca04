// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

#include "os/unique_fd.hpp"

namespace sdme::os {

// Closes the descriptors of strangers on a thread of its own, since the last close of one can block: a TCP socket
// lingers, a file of a user's own file system is flushed by that user. Only the thread waits then. It is not waited for
// when the closer goes; it ends when it has closed what it was given, or with the process.
class Closer {
 public:
  Closer();
  ~Closer();
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;

  void close(UniqueFd fd);
  std::size_t waiting() const;  // given and not closed yet

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace sdme::os
