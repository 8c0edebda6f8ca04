// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace sdme::os {

// While it lives, files are made and looked at as another user, without the loss of capabilities that a
// change of the file system id usually costs. Where ids are mapped, only who is in the map can make any.
class ActingAs {
 public:
  explicit ActingAs(uid_t owner);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;

 private:
  uid_t owner_;
  int bits_;
};

}  // namespace sdme::os
