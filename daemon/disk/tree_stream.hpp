// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "os/dir.hpp"
#include "os/program.hpp"
#include "os/unique_fd.hpp"

namespace sdme::disk {

// A directory and all below it, mounts too, as a tar stream: tar(1), which may read everything, and
// sees nothing that it could write. The same tree is the same stream. Needs CAP_SYS_ADMIN.
class TreeStream {
 public:
  explicit TreeStream(const os::Dir& directory);

  os::UniqueFd take() { return std::move(stream_); }

  // After the stream was read to its end: Corrupt when not everything could be read, in tar's words.
  void finish();

 private:
  struct Pipe {
    os::UniqueFd reading;
    os::UniqueFd writing;
  };
  TreeStream(const os::Dir& directory, Pipe pipe);
  static Pipe make_pipe();

  os::UniqueFd stream_;
  os::Program tar_;
};

}  // namespace sdme::disk
