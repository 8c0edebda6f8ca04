// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "os/dir.hpp"

// Projects of ext4 and XFS: a number at each inode, which new ones take from their directory. quota/quota.hpp says what each
// of these is to do.
namespace sdme::quota::project {

void join(const os::Dir& directory, std::uint32_t project);
// Why a limit would not be held, and what to do about it.
std::optional<std::string> obstacle(const os::Dir& directory);
std::uint64_t used(const os::Dir& directory);
void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes);

}  // namespace sdme::quota::project
