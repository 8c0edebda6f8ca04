// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::proxy {

struct Pipe {
  os::UniqueFd read_end;
  os::UniqueFd write_end;
  std::size_t held = 0;  // bytes in it
  bool large = false;
};

// Pipes that splice(2) needs between two sockets. Who holds no bytes gives its pipe back, so that a
// connection where nothing happens has none. A few are large, which saves calls; were all of them, slow
// readers could hold gigabytes.
class PipePool {
 public:
  static constexpr int kLarge = 1024 * 1024;  // what users may have

  std::optional<Pipe> take();  // nothing where the system has no more
  void give_back(Pipe pipe);   // one that still has bytes in it is closed

 private:
  std::vector<Pipe> idle_;
  std::size_t large_ = 0;  // that exist
};

}  // namespace sdme::proxy
