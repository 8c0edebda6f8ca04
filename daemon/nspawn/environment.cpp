// SPDX-License-Identifier: MIT
#include "nspawn/environment.hpp"

#include <string_view>

namespace sdme::nspawn {

namespace {

std::string escaped(std::string_view assignment) {
  std::string text;
  for (const char c : assignment) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '%') text += '%';  // specifiers
    text += c;
  }
  return text;
}

}  // namespace

std::string manager_conf(const std::vector<std::string>& environment) {
  std::string text = "[Manager]\n";
  for (const char* whose : {"ManagerEnvironment", "DefaultEnvironment"}) {
    for (const auto& assignment : environment) text += std::string(whose) + "=\"" + escaped(assignment) + "\"\n";
  }
  return text;
}

}  // namespace sdme::nspawn
