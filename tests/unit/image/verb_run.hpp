// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "job/worker.hpp"
#include "os/unique_fd.hpp"

namespace sdme::test {

struct VerbRun {
  json::Value result;                // of result.json
  std::vector<json::Value> packets;  // what was reported
};

// Runs a verb in a process of its own, given its fds as systemd gives them. `request` gets an
// `out`, a directory that exists.
VerbRun run_verb(json::Value (*verb)(job::Worker&), json::Value request, const std::string& out,
                 const os::UniqueFd& data = {});

}  // namespace sdme::test
