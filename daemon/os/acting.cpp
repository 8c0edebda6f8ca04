// SPDX-License-Identifier: MIT
#include "os/acting.hpp"

#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "base/error.hpp"

namespace sdme::os {

ActingAs::ActingAs(uid_t owner) : owner_(owner), bits_(prctl(PR_GET_SECUREBITS)) {
  if (owner_ == 0) return;
  if (bits_ < 0 || prctl(PR_SET_SECUREBITS, bits_ | SECBIT_NO_SETUID_FIXUP) < 0) throw_errno("keeping capabilities");
  setfsuid(owner_);
  setfsgid(owner_);
  if (setfsuid(owner_) != static_cast<int>(owner_)) throw_errno("acting as another user");
}

ActingAs::~ActingAs() {
  if (owner_ == 0) return;
  setfsuid(0);
  setfsgid(0);
  prctl(PR_SET_SECUREBITS, bits_);  // or what we exec would inherit it
}

}  // namespace sdme::os
