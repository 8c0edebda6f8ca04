// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::provision {

struct Measure {
  std::uint64_t size = 0;     // bytes of regular files
  std::uint64_t entries = 0;  // names of every kind
};

// Of a directory and all below it, whoever writes there meanwhile; links are not followed, and what
// goes while it is counted is not. LimitExceeded when it is deeper than descriptors last.
Measure measure(const os::Dir& tree);

// The layer that package managers write: the upper directory of an overlay over the stack so far.
// What they need only while they run is lent to them in it and taken back.
class NewLayer {
 public:
  // Makes STAGING/install/{upper,work}. Lends resolv.conf with these lines and, where dpkg is, a
  // policy-rc.d that lets no daemon be started; unmasks systemd-logind, without which nobody logs in.
  NewLayer(const os::Dir& staging, const layer::Stack& below, const std::string& resolv_conf);

  const os::Dir& directory() const { return install_; }  // with `upper` and `work`
  os::Dir tree() const;

  // Takes back what was lent, unless a package has put its own in its place, and what makes one
  // machine different from another.
  void tidy();

  // Moves the tree to STAGING/layers/ID/tree.
  void settle(const std::string& id);

 private:
  struct Loan {
    std::string path;  // below the tree
    std::string text;  // by which it is known again
    mode_t mode;
  };
  static void take_back(const os::Dir& tree, const Loan& loan);

  const os::Dir& staging_;
  os::Dir install_;
  std::vector<Loan> loans_;
};

}  // namespace sdme::provision
