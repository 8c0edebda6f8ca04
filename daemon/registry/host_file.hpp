// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Files of this host's administrator: they may be links, and are believed.
namespace sdme::registry {

// Nothing when there is none; AccessDenied, saying so, when it may not be read.
std::optional<std::string> read_host_file(const std::string& path);

// Names in a directory that end so, sorted; none when there is no such directory.
std::vector<std::string> host_files(const std::string& directory, std::string_view ending);

bool is_host_directory(const std::string& path);

}  // namespace sdme::registry
