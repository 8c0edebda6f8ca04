// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

// The lines of a configuration file: sections, "Key=value", comments after '#' or ';'. A line
// stands for itself; indenting it does not make it part of the one before.
namespace sdme::store {

struct Assignment {
  std::string section;
  std::string key;
  std::string value;
};

// What cannot be read is left out, and `faults` says which line it was, without the file's name.
std::vector<Assignment> parse_ini(const std::string& text, std::vector<std::string>& faults);

}  // namespace sdme::store
