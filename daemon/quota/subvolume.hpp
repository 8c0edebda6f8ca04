// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "os/dir.hpp"

// Subvolumes of btrfs, each of which has a quota group of its own. quota/quota.hpp says what each of these is to do.
namespace sdme::quota::subvolume {

// Why a limit would not be held, and what to do about it.
std::optional<std::string> obstacle(const os::Dir& directory);
std::uint64_t used(const os::Dir& directory);
void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes);

}  // namespace sdme::quota::subvolume
