// SPDX-License-Identifier: MIT
#pragma once

#include <expected>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "client.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

// A thing to work on: its name, or why there is none for what was typed.
struct Target {
  std::string typed;
  std::expected<std::string, Failure> name;
};

using JobCall = std::function<std::future<std::uint64_t>(Manager& manager, const std::string& name)>;

// The same for every target, at the same time: all are asked for, one after the other, since somebody may have to type
// a password; then all are waited for. Where they are more than the daemon queues, the others are asked for when those
// are done. One that fails does not hold up the others. Prints the names of those that
// went well; returns the exit status of the first that did not.
int run_batch(Client& client, const std::string& verb, std::vector<Target> targets, const JobCall& call);

// The last part of it: says what became of each, `outcomes` being in the same order.
int report_batch(Client& client, const std::vector<Target>& targets, const std::vector<Outcome>& outcomes);

}  // namespace sdme::client
