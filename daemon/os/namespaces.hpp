// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "os/unique_fd.hpp"

namespace sdme::os {

inline constexpr std::uint32_t kUserRange = 65'536;  // ids of one user namespace

// A user namespace that maps 0… to `base`… and that no process is in: for idmapped mounts.
UniqueFd user_namespace(std::uint32_t base);

// Whether two processes are in the same user namespace; `pid` must be held by a pidfd.
bool shares_user_namespace(pid_t pid);

}  // namespace sdme::os
