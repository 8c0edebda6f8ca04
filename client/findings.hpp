// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace sdme::client {

// One thing that was looked at.
struct Finding {
  enum class Level { kOk, kNote, kProblem };  // a note says what cannot be used; a problem, what does not work
  Level level;
  std::string what;      // a word
  std::string sentence;  // how it is
  std::string fix;       // what to do; "" where nothing is
};

// What CheckHost told.
struct HostReport {
  std::vector<std::string> forward_drops;
  std::vector<std::string> input_drops;
  std::vector<std::string> lost_rules;
};

// What anyone can see of the host whose files are below `root` ("" for this one) that matters to containers. `release` is
// that of the kernel.
std::vector<Finding> examine_host(const std::string& root, const std::string& release, const HostReport& report);

Finding examine_space(const std::string& store);

}  // namespace sdme::client
