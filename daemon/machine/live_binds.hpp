// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <vector>

#include "machine/guest.hpp"
#include "machine/mount_point.hpp"
#include "model/bind.hpp"
#include "os/unique_fd.hpp"

namespace sdme::machine {

// Changes what a running guest sees of the host. Whatever was changed is undone with this object, unless it
// is kept: in the end everything is done or nothing.
class LiveBinds {
 public:
  explicit LiveBinds(const Leader& leader);
  ~LiveBinds();
  LiveBinds(const LiveBinds&) = delete;
  LiveBinds& operator=(const LiveBinds&) = delete;

  // Takes away and shows what is different. Whether a restart would show the same: not where the guest has
  // put something else over a bind that goes, nor where the kernel does not let one go that it started with.
  bool change(const std::vector<model::Bind>& before, const std::vector<model::Bind>& after);
  void keep() { undo_.clear(); }

 private:
  struct Found {
    bool gone = false;   // it was not there at all
    os::UniqueFd copy;   // of what was taken away
    os::UniqueFd cover;  // where it could only be hidden, what is mounted over it
  };

  void show(const model::Bind& bind);
  bool take_away(const model::Bind& bind);

  void attach(const os::UniqueFd& tree, const std::string& destination, PointKind kind) const;
  Found detach(const std::string& destination, const std::function<bool(const struct stat&)>& is_ours) const;

  const Leader& leader_;
  os::UniqueFd users_;  // the guest's user namespace, if it has one
  std::vector<os::UniqueFd> covers_;
  std::vector<std::function<void()>> undo_;
};

}  // namespace sdme::machine
