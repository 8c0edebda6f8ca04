// SPDX-License-Identifier: MIT
#include "job_waiter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "terminal.hpp"
#include "text.hpp"

namespace sdme::client {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDrawEvery{100};
constexpr milliseconds kAskEvery{200};  // where nothing is announced
constexpr std::chrono::seconds kLineEvery{10};

// The daemon went away with our question; whoever answers its name now knows the job.
bool is_lost_answer(const Failure& failure) { return failure.bus_name == "org.freedesktop.DBus.Error.NoReply"; }

}  // namespace

Dict foreground_options() { return {{"on-disconnect", sdbus::Variant(std::string("cancel"))}}; }

JobWaiter::JobWaiter(Client& client, OnInterrupt on_interrupt) : client_(client), on_interrupt_(on_interrupt) {
  if (client_.bus.is_peer() || client_.out.progress() == Progress::kNone) return;
  changes_ = client_.bus.watch_jobs([this](std::uint64_t id, const Dict& changed) {
    const auto job = std::ranges::find(jobs_, id, &Job::id);
    if (job != jobs_.end()) job->progress.update(changed, Loop::Clock::now());
  });
}

std::size_t JobWaiter::add(std::uint64_t id, const std::string& verb, const std::string& name) {
  const auto now = Loop::Clock::now();
  if (client_.globals.verbose) client_.out.say(fmt::format("{} {}: job {}", verb, name, id));
  jobs_.push_back({.id = id,
                   .end = client_.bus.gated().WaitJob(id),
                   .outcome = std::nullopt,
                   .progress = JobProgress{.verb = verb, .name = name, .since = now},
                   .shown_phase = std::nullopt,
                   .shown_at = now});
  return jobs_.size() - 1;
}

void JobWaiter::cancel_all() {
  for (const auto& job : jobs_) {
    if (!job.outcome) (void)client_.bus.gated().CancelJob(job.id, {});
  }
}

void JobWaiter::collect(Job& job) {
  try {
    auto [state, error, message, result] = take(job.end);
    if (state == "done") {
      job.outcome = std::move(result);
    } else {
      job.outcome = std::unexpected(failure_of(error, message));
    }
  } catch (const Failure& failure) {
    if (is_lost_answer(failure) && --job.lives > 0) {
      job.end = client_.bus.gated().WaitJob(job.id);
    } else {
      job.outcome = std::unexpected(failure);
    }
  }
}

bool JobWaiter::all_ended() {
  for (auto& job : jobs_) {
    if (!job.outcome && is_ready(job.end)) collect(job);
  }
  return std::ranges::all_of(jobs_, [](const Job& job) { return job.outcome.has_value(); });
}

void JobWaiter::on_signal(int signal) {
  if (signal == SIGWINCH) return;
  if (!signal_ && on_interrupt_ == OnInterrupt::kCancel) {
    signal_ = signal;
    client_.out.say("sdmectl: cancelling; interrupt again to stop waiting for that");
    cancel_all();
    return;
  }
  for (const auto& job : jobs_) {
    if (!job.outcome) client_.out.say(fmt::format("sdmectl: to wait again: sdmectl jobs wait {}", job.id));
  }
  throw Interrupted{signal};
}

std::vector<Outcome> JobWaiter::wait() {
  Loop::SignalScope scope(client_.loop, [this](int signal) { on_signal(signal); });
  std::optional<Loop::Tick> drawing;
  std::optional<Loop::Tick> asking;
  if (client_.out.progress() != Progress::kNone) {
    refresh();
    drawing.emplace(client_.loop, kDrawEvery, [this] { show(); });
    if (client_.bus.is_peer()) asking.emplace(client_.loop, kAskEvery, [this] { refresh(); });
  }
  client_.loop.run_until([this] { return all_ended(); });
  client_.out.clear();

  std::vector<Outcome> outcomes;
  for (auto& job : jobs_) outcomes.push_back(std::move(*job.outcome));
  return outcomes;
}

// Asks how far all jobs are: at first, and on a peer's socket again and again. The answer is read when drawing.
void JobWaiter::refresh() {
  if (!list_) list_ = client_.bus.open().ListJobs({});
}

void JobWaiter::show() {
  if (list_ && is_ready(*list_)) {
    try {
      for (const auto& entry : take(*list_)) {
        const auto job = std::ranges::find(jobs_, value_of<std::uint64_t>(entry, "id"), &Job::id);
        if (job != jobs_.end()) job->progress.update(entry, Loop::Clock::now());
      }
    } catch (const Failure&) {
      // Nothing to show is no reason to stop waiting.
    }
    list_.reset();
  }
  client_.out.progress() == Progress::kBar ? show_bars() : show_lines();
}

void JobWaiter::show_bars() {
  const auto size = terminal_size(STDERR_FILENO);
  std::vector<std::string> lines;
  for (const auto& job : jobs_) {
    if (job.outcome || lines.size() + 1 >= size.rows) continue;
    lines.push_back(job.progress.bar(Loop::Clock::now(), size.columns - 1U));
  }
  client_.out.draw(lines);
}

void JobWaiter::show_lines() {
  const auto now = Loop::Clock::now();
  for (auto& job : jobs_) {
    if (job.outcome || (job.shown_phase == job.progress.phase && now - job.shown_at < kLineEvery)) continue;
    job.shown_phase = job.progress.phase;
    job.shown_at = now;
    client_.out.say(job.progress.line(now));
  }
}

Dict JobWaiter::finish(std::uint64_t id, const std::string& verb, const std::string& name) {
  add(id, verb, name);
  auto outcome = std::move(wait().front());
  if (signal_) {
    if (outcome) client_.out.say(fmt::format("sdmectl: {} {}: done before it could be cancelled", verb, name));
    throw Interrupted{*signal_};
  }
  if (!outcome) throw std::move(outcome.error());
  return std::move(*outcome);
}

}  // namespace sdme::client
