// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "os/unique_fd.hpp"

namespace sdme::os {

// Reads to the end; LimitExceeded beyond `limit` bytes. `what` names it in errors.
std::string read_all(int fd, std::size_t limit, const std::string& what);
void write_all(int fd, std::string_view text, const std::string& what);

// An unnamed file in memory that holds `text` and that nobody can change any more, at its start.
UniqueFd sealed_memory(std::string_view text, const char* name);

// A duplicate that is closed on exec.
UniqueFd duplicate(int fd);

}  // namespace sdme::os
