// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/layout.hpp"

namespace sdme::provision {

// One file of distros.d, sdmed.distros(5): how a family of distributions installs what it takes to boot.
struct Distro {
  std::string name;                      // of the file, without ".conf"
  std::vector<std::string> ids;          // as in os-release(5)
  std::string refusal;                   // why nothing can be installed in one of these, or ""
  std::string tool;                      // what the commands use, for messages
  std::vector<std::string> commands;     // one line each, for the shell inside
  std::vector<std::string> environment;  // NAME=VALUE
  std::vector<std::string> capabilities;  // "CAP_…": of root inside, beside those that all have
  std::chrono::seconds timeout = std::chrono::hours(1);  // for all commands together
  bool network = true;                   // the host's
};

// The text of one file. What is wrong costs that line and is a sentence in `faults`.
Distro parse_distro(const std::string& name, const std::string& text, std::vector<std::string>& faults);

// Where the files are: one in a later directory stands for its namesake in an earlier one.
std::vector<std::string> distro_directories();

// The one that knows the distribution of an os-release: by its ID, else by the first word of its
// ID_LIKE that any knows; of several the first by name.
std::optional<Distro> find_distro(const std::vector<std::string>& directories,
                                  const std::map<std::string, std::string>& os_release,
                                  std::vector<std::string>& faults);

}  // namespace sdme::provision
