// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>

#include "auth_file.hpp"
#include "loop.hpp"

namespace sdme::client {

// People may have to unlock a key ring first.
inline constexpr std::chrono::seconds kHelperTimeout{60};

// Runs docker-credential-NAME as the user who runs us. Nothing when it knows no login for the server, which is no
// error; throws a Failure when it is not there, fails, says too much or nothing sensible, or is late, and then it is
// killed.
std::optional<Login> ask_helper(Loop& loop, const CredentialHelper& helper,
                                std::chrono::milliseconds timeout = kHelperTimeout);

}  // namespace sdme::client
