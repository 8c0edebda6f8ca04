// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "registry/reply.hpp"

namespace sdme::registry {

// Who did not give what was asked, for the sentence about it.
struct Asked {
  std::string who;       // "registry 'HOST'"
  std::string what;      // what there is not when it is not found: "image 'REF'"; "" when that means nothing
  bool shown = false;    // credentials were given for it
};

// Throws what an answer other than the wanted one means: AccessDenied, NotFound or NetworkFailed. What
// the server said is in the sentence, made printable.
[[noreturn]] void complain(const Reply& reply, const Asked& asked);

// CODE: MESSAGE of the errors that a registry's body tells, "" when it tells none.
std::string errors_of(const std::string& body);

}  // namespace sdme::registry
