// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

namespace sdme::store {

// HostAccessDenied for a path of the host that a container shows to nobody but for root's own wish: what the
// host is run by, what others keep there, and what we keep. Neither may it have one of those below it.
void check_bind_source(const std::string& path, uid_t caller);

// The same for a home directory, whose owner only who looks at it knows.
void check_home_owner(const std::string& path, uid_t owner, uid_t caller);

}  // namespace sdme::store
