// SPDX-License-Identifier: MIT
#include "job/table.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "job/stage.hpp"
#include "store/layout.hpp"

namespace sdme::job {

namespace {

constexpr std::uint64_t kForgetEveryUsec = 30'000'000;
constexpr std::size_t kMostKept = 128;  // more are not waited for

// Of the work of a worker that was killed. The record is never half of anything.
std::string what_is_left(const Record& record) {
  if (record.staging) return "; what it had made was removed";
  return record.kind == "update" ? "; what it had shown or told to a running container counts until that stops" : "";
}

std::vector<log::Field> fields(const Record& record) {
  std::vector<log::Field> all = {{log::field::kJob, std::to_string(record.id)},
                                 {log::field::kCallerUid, std::to_string(record.owner)},
                                 {log::field::kAction, record.kind},
                                 {log::field::kResult, std::string(word(record.state))}};
  const bool rootfs = record.kind == "import" || record.kind == "remove-rootfs";
  const bool volume = record.kind.ends_with("-volume");
  all.emplace_back(rootfs ? log::field::kRootfs : volume ? log::field::kVolume : log::field::kContainer, record.target);
  return all;
}

std::string holder(const Record& record) { return "job " + std::to_string(record.id) + " (" + record.kind + ")"; }

}  // namespace

Table::Table(sd_event* loop, store::Store& store, store::BlobCache& cache, store::LeaseTable& leases,
             const store::Settings& settings, systemd::UnitWatch& units)
    : loop_(loop),
      store_(store),
      cache_(cache),
      leases_(leases),
      settings_(settings),
      units_(units),
      spool_(layout::runtime(layout::kJobs)) {
  const auto tick = [](sd_event_source* source, std::uint64_t, void* self) {
    static_cast<Table*>(self)->forget_old();
    sd_event_source_set_time_relative(source, kForgetEveryUsec);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
  };
  sd_event_add_time_relative(loop_, &forget_timer_, CLOCK_MONOTONIC, kForgetEveryUsec, 0, tick, this);
}

Table::~Table() { sd_event_source_disable_unref(forget_timer_); }

Job& Table::add(Record record) {
  auto job = std::make_unique<Job>();
  const auto id = record.id;
  job->record = std::move(record);
  return *(jobs_[id] = std::move(job));
}

void Table::recover(const std::set<std::string>& live) {
  std::set<std::uint64_t> working;
  for (auto& record : spool_.load()) {
    auto& job = add(std::move(record));
    if (ended(job.record.state)) continue;
    try {
      expect(job.record, store_);
      job.lease = leases_.acquire(job.record.claims, holder(job.record));
      job.room = expected_room(job.record, store_);
    } catch (const Error& error) {
      log::warning(job.record.title() + " goes on without its lease or room: " + error.message(), fields(job.record));
    }
    working.insert(job.record.id);
  }
  for (const auto id : working) {
    auto& job = *jobs_.at(id);
    for (const auto& unit : job.record.units()) {
      if (live.contains(unit)) job.live_units.insert(unit);
    }
    if (job.live_units.empty()) {
      conclude(job);
    } else {
      log::info("found " + job.record.title() + " again", fields(job.record));
      stop_cancelled(job);
      if (!job.live_units.contains(job.record.unit())) stop_units(job);
    }
  }
  std::set<std::uint64_t> live_jobs;
  for (const auto& [id, job] : jobs_) {
    if (!ended(job->record.state)) live_jobs.insert(id);
  }
  try {
    store_.sweep(live_jobs, pinned_layers());
    cache_.sweep(live_jobs);
  } catch (const Error& error) {
    log::error("sweeping the store: " + error.message());  // emptying the trash may be what helps
  }
  empty_trash();
}

void Table::reconcile(const std::set<std::string>& live) {
  std::vector<std::uint64_t> gone;
  for (const auto& [id, job] : jobs_) {
    const auto& record = job->record;
    const bool has_unit = record.state == State::kRunning || record.state == State::kCancelling;
    if (!has_unit) continue;
    std::erase_if(job->live_units, [&](const std::string& unit) { return !live.contains(unit); });
    job->live_units.empty() ? gone.push_back(id) : stop_cancelled(*job);
  }
  for (const auto id : gone) conclude(*jobs_.at(id));
}

void Table::check_limits(const Record& record) const {
  std::size_t of_owner = 0;
  std::size_t queued = 0;
  for (const auto& [id, job] : jobs_) {
    if (ended(job->record.state) || job->record.session != record.session || job->record.housekeeping()) continue;
    if (job->record.owner == record.owner) ++of_owner;
    if (job->record.state == State::kQueued) ++queued;
  }
  const auto most = record.session ? settings_.sessions_per_user : settings_.jobs_per_user;
  if (of_owner >= most && record.owner != 0) {
    throw Error(Errc::kLimitExceeded, std::string(record.session ? "SessionsPerUser=" : "JobsPerUser=") +
                                          std::to_string(most) + " reached: wait for one of yours to end");
  }
  if (!record.session && queued >= settings_.jobs_queued) {
    throw Error(Errc::kLimitExceeded,
                "JobsQueued=" + std::to_string(settings_.jobs_queued) + " reached: try again later");
  }
}

std::uint64_t Table::submit(Plan plan) {
  if (!plan.record.housekeeping()) check_limits(plan.record);
  auto& record = plan.record;
  record.id = spool_.next_id();
  record.created_usec = realtime_usec();
  auto lease = leases_.acquire(record.claims, holder(record));
  auto& job = add(std::move(record));
  job.lease = std::move(lease);
  job.fds = std::move(plan.fds);
  job.fetch_fds = std::move(plan.fetch_fds);
  job.kept_fds = std::move(plan.kept_fds);
  const auto id = job.record.id;
  try {
    expect(job.record, store_);
    job.room = expected_room(job.record, store_);
    spool_.write(job.record);
    if (job.record.staging) {
      using Staging = store::Store::Staging;
      static_cast<void>(store_.make_staging(id, job.record.verb == "create" ? Staging::kContainer : Staging::kLayers));
    }
  } catch (...) {
    undo(job);
    spool_.remove(id);
    jobs_.erase(id);
    throw;
  }
  log::info(job.record.title() + " accepted", fields(job.record));
  events_.added(job);
  if (jobs_.size() > kMostKept) sd_event_source_set_time_relative(forget_timer_, 0);
  if (job.record.verb.empty()) {
    conclude(job);
  } else if (!job.record.listed()) {
    start(job);
  } else {
    start_queued();
  }
  return id;
}

void Table::start_queued() {
  auto room = settings_.jobs_running - std::min<std::size_t>(settings_.jobs_running, running());
  for (const auto& [id, job] : jobs_) {
    if (room == 0) return;
    if (job->record.state != State::kQueued || !job->record.listed() || !may_start(job->record.owner)) continue;
    start(*job);
    --room;
  }
}

// No user but root holds all the places: one is left to others.
bool Table::may_start(std::uint32_t owner) const {
  if (owner == 0 || settings_.jobs_running < 2) return true;
  const auto own = std::ranges::count_if(jobs_, [owner](const auto& entry) {
    const auto& record = entry.second->record;
    const bool runs = record.state == State::kRunning || record.state == State::kCancelling;
    return record.listed() && record.owner == owner && runs;
  });
  return static_cast<std::size_t>(own) + 1 < settings_.jobs_running;
}

Job* Table::find(std::uint64_t id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second.get();
}

Job* Table::by_unit(const std::string& unit) {
  for (const auto& [id, job] : jobs_) {
    if (!ended(job->record.state) && job->live_units.contains(unit)) return job.get();
  }
  return nullptr;
}

void Table::cancel(std::uint64_t id) {
  auto* job = find(id);
  if (job == nullptr || ended(job->record.state)) return;
  if (job->record.state == State::kQueued)
    return end(*job, State::kCancelled, Errc::kCancelled, "cancelled before it began");
  job->record.state = State::kCancelling;
  stop_cancelled(*job);
  try {
    spool_.write(job->record);
  } catch (const Error& error) {
    log::warning("that " + job->record.title() + " is cancelled could not be kept: " + error.message());
  }
  events_.changed(*job);
}

// Asked again whenever the first time may have been missed: by CancelJob, by a new daemon, after a lost connection.
void Table::stop_cancelled(const Job& job) {
  if (job.record.state == State::kCancelling) stop_units(job);
}

void Table::when_ended(Job& job, std::function<void(const Job&)> then) {
  if (ended(job.record.state)) return then(job);
  job.waiters.push_back(std::move(then));
}

void Table::when_started(Job& job, std::function<void(Job&)> then) {
  if (ended(job.record.state) || job.progress.phase == "started") return then(job);
  job.start_waiters.push_back(std::move(then));
}

void Table::on_unit_result(const std::string& unit, const std::string& result) {
  auto* job = by_unit(unit);
  if (job != nullptr && job->record.unit() == unit) job->unit_result = result;
}

// Whoever fetches works for the other one alone, and has ended before anything is done with what it left.
void Table::on_unit_removed(const std::string& unit) {
  auto* job = by_unit(unit);
  if (job == nullptr) return;
  job->live_units.erase(unit);
  if (job->live_units.empty()) return conclude(*job);
  if (unit == job->record.unit()) stop_units(*job);
}

void Table::conclude(Job& job) {
  auto& record = job.record;
  const bool cancelling = record.state == State::kCancelling;
  if (record.state == State::kQueued && !record.verb.empty()) {
    return end(job, State::kFailed, Errc::kDaemonRestarted, "the daemon was restarted before the job began; try again");
  }
  if (job.start_error) return end(job, State::kFailed, job.start_error->code(), job.start_error->message());
  try {
    const auto result = record.kind == "gc"   ? json::Value{{"result", collect_garbage()}}
                        : record.verb.empty() ? json::Value{{"result", json::Value::object()}}
                                              : spool_.result(record.id, record.verb).value_or(json::Value::object());
    if (const auto good = result.find("result"); good != result.end()) {
      if (const auto next = next_stage(record, *good)) {
        if (cancelling) return end(job, State::kCancelled, Errc::kCancelled, "cancelled");
        return begin_stage(job, *next, *good);
      }
      job.room.reset();
      auto committed = commit(record, *good, store_);
      record.result = std::move(committed.result);
      events_.touched(committed.touched);  // before anyone hears that the job is done
      return end(job, State::kDone, Errc::kInternal, "");
    }
    if (const auto bad = result.find("error"); bad != result.end() && !cancelling) {
      const auto code = errc_from_word(json::get<std::string>(*bad, "code")).value_or(Errc::kInternal);
      return end(job, State::kFailed, code, json::get<std::string>(*bad, "message"));
    }
  } catch (const Error& error) {
    return end(job, State::kFailed, error.code(), error.message());
  } catch (const json::Value::exception&) {
    return end(job, State::kFailed, Errc::kCorrupt, "the worker left a result that cannot be read");
  }
  if (cancelling) return end(job, State::kCancelled, Errc::kCancelled, "cancelled");
  if (job.unit_result == "oom-kill") {
    return end(job, State::kFailed, Errc::kLimitExceeded, "the worker needed more memory than WorkerMemoryMax= allows");
  }
  if (job.unit_result == "timeout") {
    return end(job, State::kFailed, Errc::kTimedOut, "the worker took longer than ImportMaxSec= allows");
  }
  const auto how = job.unit_result.empty() ? "while the daemon was away" : "(" + text::printable(job.unit_result) + ")";
  end(job, State::kFailed, job.unit_result.empty() ? Errc::kDaemonRestarted : Errc::kInternal,
      "the worker ended without a result " + how + what_is_left(job.record));
}

void Table::end(Job& job, State state, Errc error, const std::string& message) {
  auto& record = job.record;
  record.state = state;
  record.error = error;
  record.message = message;
  undo(job);
  job.fds.clear();
  job.fetch_fds.clear();
  job.report_source = sd_event_source_disable_unref(job.report_source);
  job.report.reset();
  job.room.reset();
  job.lease = {};
  if (state == State::kDone) job.progress.fraction = 1;
  keep_end(record);
  log::info(record.title() + " " + std::string(word(state)) +
                (message.empty() ? "" : ": " + message.substr(0, message.find('\n'))),
            fields(record));
  for (auto& tell : std::exchange(job.start_waiters, {})) tell(job);
  for (auto& tell : std::exchange(job.waiters, {})) tell(job);
  events_.changed(job);
  // What came while the trash was being emptied is left to another round; one that failed waits for the next job.
  if (!record.housekeeping() || state == State::kDone) empty_trash();
  start_queued();
}

// What was asked for is no longer needed. A job whose end cannot be kept is forgotten: found again, it would end twice.
void Table::keep_end(Record& record) {
  record.request = json::Value::object();
  record.fetch = json::Value();
  record.commit = json::Value::object();
  try {
    spool_.write(record);
  } catch (const Error& failed) {
    log::error("the end of " + record.title() + " could not be kept: " + failed.message(), fields(record));
    forget(record.id);
  }
}

// A job that did not succeed leaves nothing: its staging goes, and a container it was starting stops.
void Table::undo(const Job& job) {
  const auto& record = job.record;
  expect_no_more(record, store_);
  try {
    if (record.staging) store_.discard_staging(record.id);
    if (!record.fetch.is_null())
      json::get<bool>(record.fetch, "keep") ? cache_.adopt(record.id) : cache_.discard(record.id);
    const bool was_starting = record.kind == "start" || record.kind == "restart";
    // A guest at the beginning of its boot is deaf to SIGTERM, and has nothing to lose; most often its worker has
    // stopped it already.
    if (record.state != State::kDone && record.begins_container()) units_.kill(layout::container_unit(record.target));
    if (record.state == State::kCancelled && was_starting) units_.stop(layout::container_unit(record.target));
    if (record.state == State::kDone) store_.trash_unused_layers(pinned_layers());
  } catch (const Error& error) {
    log::error("cleaning up after " + record.title() + ": " + error.message(), fields(record));
  }
}

bool Table::idle() const {
  return running() == 0 &&
         std::ranges::all_of(jobs_, [](const auto& entry) { return ended(entry.second->record.state); });
}

std::size_t Table::running() const {
  return static_cast<std::size_t>(std::ranges::count_if(jobs_, [](const auto& entry) {
    const auto state = entry.second->record.state;
    return entry.second->record.listed() && (state == State::kRunning || state == State::kCancelling);
  }));
}

}  // namespace sdme::job
