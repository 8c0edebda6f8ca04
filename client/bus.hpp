// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "child.hpp"
#include "failure.hpp"
#include "globals.hpp"
#include "loop.hpp"
#include "manager_async_proxy.hpp"

namespace sdme::client {

using Dict = std::map<std::string, sdbus::Variant>;

// The daemon's Manager. Each method is generated from the contract and returns the future of its answer.
class Manager final : public sdbus::ProxyInterfaces<org::sdme1::Manager_proxy> {
 public:
  Manager(sdbus::IConnection& connection, sdbus::ServiceName destination);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
};

template <typename T>
bool is_ready(const std::future<T>& answer) {
  return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// The answer, or what went wrong as a Failure.
template <typename T>
T take(std::future<T>& answer) {
  try {
    return answer.get();
  } catch (const sdbus::Error& error) {
    throw failure_of(error);
  }
}

// One signal about an object below /org/sdme1.
struct ObjectNews {
  enum class What { kAdded, kChanged, kRemoved };
  What what;
  std::string path;
  std::string interface;
  Dict properties;  // all of one that was added, else those that changed
};

// The connection to the daemon, by the system bus or peer to peer. No call on it ever times out: it may be waiting
// for a password. Connects when first used.
class Bus {
 public:
  Bus(Loop& loop, const Globals& globals) : loop_(loop), globals_(globals) {}

  // For calls that nobody is asked about.
  Manager& open();
  // For calls that polkit may be asked about: somebody is there to answer for the user.
  Manager& gated();
  // The same for calls with file descriptors, which a socket passes for root alone.
  Manager& passing();
  // The terminal is about to belong to somebody else.
  void close_agent() { agent_.reset(); }

  // On a peer's socket there are no objects to watch.
  bool is_peer() const { return !globals_.address.empty(); }
  // Properties of jobs, as they change.
  [[nodiscard]] sdbus::Slot watch_jobs(std::function<void(std::uint64_t id, const Dict& changed)> call);

  // What becomes of the daemon's objects, from now on; and that a daemon came or went.
  [[nodiscard]] std::vector<sdbus::Slot> watch_objects(std::function<void(const ObjectNews&)> call,
                                                       std::function<void()> on_daemon);

  template <typename T>
  T await(std::future<T> answer) {
    loop_.run_until([&] { return is_ready(answer); });
    return take(answer);
  }

 private:
  void connect();

  Loop& loop_;
  const Globals& globals_;
  sd_bus* raw_ = nullptr;  // the connection's
  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<Manager> manager_;
  std::unique_ptr<Child> agent_;
  bool agent_opened_ = false;
};

// Of a dictionary: the value, or what stands in for a missing one or one of another type.
template <typename T>
T value_of(const Dict& dict, const std::string& key, T otherwise = {}) {
  const auto found = dict.find(key);
  return found != dict.end() && found->second.containsValueOfType<T>() ? found->second.get<T>() : otherwise;
}

}  // namespace sdme::client
