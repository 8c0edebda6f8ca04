// SPDX-License-Identifier: MIT
#include "name_prefix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "failure.hpp"
#include "text.hpp"

namespace sdme::client {

std::string resolve_name(const std::vector<std::string>& names, const std::string& typed) {
  if (std::ranges::find(names, typed) != names.end()) return typed;
  std::vector<std::string> candidates;
  if (!typed.empty()) {
    std::ranges::copy_if(names, std::back_inserter(candidates),
                         [&](const auto& name) { return name.starts_with(typed); });
  }
  if (candidates.empty())
    throw failure_of(std::string(row(Errc::kNotFound).bus_name), fmt::format("no container is called '{}'", typed));
  if (candidates.size() > 1) {
    throw Failure(exit_code::kUsage,
                  fmt::format("'{}' could be any of several containers: {}", typed, join(candidates, ", ")));
  }
  return candidates.front();
}

}  // namespace sdme::client
