// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "layer/measure.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::provision {

// Of a tree in which others write meanwhile: no link is followed, and what goes while it is counted is
// not. LimitExceeded when it is deeper than descriptors last.
layer::Measure measure(const os::Dir& tree);

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

  // Makes a layer of the tree, STAGING/layers/ID, and syncs it.
  void settle(const std::string& id, const layer::Measure& measure);

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
