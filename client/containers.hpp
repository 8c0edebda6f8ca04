// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "batch.hpp"
#include "client.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sdme::client {

// Which containers, or root filesystems: names, or all.
struct Names {
  std::vector<std::string> names;
  bool all = false;

  void define(CLI::App& app, const std::string& what);
  // Throws the Failure of a wrong use: neither, or both.
  void check() const;
};

std::vector<Dict> list_containers(Client& client);
std::vector<std::string> names_in(const std::vector<Dict>& list);

// The container that was meant by a name or its beginning.
std::string find_container(Client& client, const std::string& typed);

using Condition = std::function<bool(const Dict& container)>;
// Those named, whatever they are like; or with --all those that meet the condition.
std::vector<Target> choose_containers(Client& client, const Names& names, const Condition& condition);

bool is_up(const Dict& container);  // runs, or is about to

// The question before everything goes. False when the answer is no; a Failure when nobody can be asked.
enum class Force { kNo, kYes };
bool confirm_all(Client& client, const std::vector<Target>& targets, const std::string& what, Force force);

// One step of a verb that takes several; each waits for its job.
void start_container(Client& client, const std::string& name, unsigned timeout_seconds);
void enable_container(Client& client, const std::string& name);

// Options of StartContainer and its like. 0 seconds leave the time to the daemon.
Dict timeout_options(unsigned seconds);

// -t SECONDS.
CLI::Option* define_timeout(CLI::App& app, unsigned& seconds, const std::string& timed);

// --term and --kill, and -t with what it times.
struct StopMode {
  bool terminate = false;
  bool kill = false;
  unsigned timeout_seconds = 0;

  void define(CLI::App& app, const std::string& timed);
  Dict options() const;
};

}  // namespace sdme::client
