// SPDX-License-Identifier: MIT
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "progress.hpp"

namespace sdme::client {

// The dictionary with which a job ended well, or why it did not.
using Outcome = std::expected<Dict, Failure>;

// Waits for jobs, any number at once, and shows how far they are. The first interrupt cancels them all and waits on;
// the second leaves, and says how to come back.
class JobWaiter {
 public:
  // Whose jobs they are: those of somebody else are left alone at once.
  enum class OnInterrupt { kCancel, kLeave };

  // Subscribes, so it is made before the first job is.
  explicit JobWaiter(Client& client, OnInterrupt on_interrupt = OnInterrupt::kCancel);
  JobWaiter(const JobWaiter&) = delete;
  JobWaiter& operator=(const JobWaiter&) = delete;

  // Returns the job's place among the outcomes.
  std::size_t add(std::uint64_t id, const std::string& verb, const std::string& name);
  void cancel_all();
  // Returns when all have ended.
  std::vector<Outcome> wait();
  // The one job, from here to its end. Throws its Failure; an interrupted one throws Interrupted.
  Dict finish(std::uint64_t id, const std::string& verb, const std::string& name);
  // The signal that had them cancelled.
  std::optional<int> interrupted_by() const { return signal_; }

 private:
  struct Job {
    std::uint64_t id;
    std::future<std::tuple<std::string, std::string, std::string, Dict>> end;
    std::optional<Outcome> outcome;
    JobProgress progress;
    std::optional<std::string> shown_phase;  // by the last plain line
    Loop::Clock::time_point shown_at;
    int lives = 3;  // how often to ask anew when the daemon goes away
  };

  void collect(Job& job);
  bool all_ended();
  void on_signal(int signal);
  void refresh();
  void show();
  void show_bars();
  void show_lines();

  Client& client_;
  OnInterrupt on_interrupt_;
  std::vector<Job> jobs_;
  std::optional<int> signal_;
  sdbus::Slot changes_;
  std::optional<std::future<std::vector<Dict>>> list_;
};

// Options of a job that has no reason to go on without us.
Dict foreground_options();

}  // namespace sdme::client
