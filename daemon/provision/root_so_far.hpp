// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::provision {

// A root filesystem as the worker before told it (docs/architecture.md). That one had a stranger's
// bytes in its hands, so what it says is checked before a path is made of it.
class RootSoFar {
 public:
  // Corrupt, in one sentence, for what is not as documented.
  RootSoFar(json::Value told, const os::Dir& staging);

  const json::Value& told() const { return told_; }
  const std::string& top() const { return ids_.front(); }  // id of the topmost layer
  std::vector<std::string> trees() const;                  // absolute, top first

  layer::Stack stack() const;
  layer::Stack stack_below(const os::Dir& tree) const;  // with one more on top

 private:
  std::vector<os::Dir> open_all() const;

  json::Value told_;
  std::vector<std::string> ids_;  // top first
  std::vector<os::Dir> trees_;    // the same order
};

}  // namespace sdme::provision
