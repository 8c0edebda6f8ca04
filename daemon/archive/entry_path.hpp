// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace sdme::archive {

// The name of an entry as components joined by single slashes, "" for the root of the tree.
// Corrupt unless it is relative, without "..", and short enough for the kernel.
std::string entry_path(std::string_view name);

// Of what entry_path() returned.
std::string_view parent_path(std::string_view path);
std::string_view last_name(std::string_view path);

}  // namespace sdme::archive
