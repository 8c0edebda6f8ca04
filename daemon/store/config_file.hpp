// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

// Files that an administrator and the vendor write, and what is written in them alike.
namespace sdme::store {

// The text of a file that nobody but root can change; nothing when there is none, "" for a link to
// /dev/null, which takes a vendor's file away. Else throws why it may not be trusted.
std::optional<std::string> trusted_text(const std::string& path);

// The *.conf of some directories by name, each with its path; a later directory's stands for its
// namesake in an earlier one. A directory that cannot be read is a sentence in `faults`.
std::map<std::string, std::string> config_files(const std::vector<std::string>& directories,
                                                std::vector<std::string>& faults);

}  // namespace sdme::store
