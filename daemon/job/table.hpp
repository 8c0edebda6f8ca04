// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-event.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "job/commit.hpp"
#include "job/record.hpp"
#include "job/spool.hpp"
#include "os/unique_fd.hpp"
#include "store/blob_cache.hpp"
#include "store/lease.hpp"
#include "store/settings.hpp"
#include "store/store.hpp"
#include "systemd/unit_watch.hpp"

namespace sdme::job {

// What a job is doing right now; not kept.
struct Progress {
  std::string phase;
  double fraction = -1;  // 0 to 1, never decreasing; -1 unknown
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
};

// One job, and with it all that it holds: when it goes, its leases and fds go.
struct Job {
  Record record;
  store::Lease lease;
  Progress progress;
  std::map<std::string, os::UniqueFd> fds;  // for the unit, until it was asked for; kept ones for later stages
  std::map<std::string, os::UniqueFd> fetch_fds;  // for the unit that fetches
  std::set<std::string> kept_fds;
  std::set<std::string> live_units;         // those of this stage that have not ended
  std::optional<Error> start_error;         // why systemd did not start one of them
  os::UniqueFd report;                      // our end; absent after a restart of the daemon
  sd_event_source* report_source = nullptr;
  os::UniqueFd pty;   // a session's terminal, until it was fetched
  os::UniqueFd room;  // in the store, for what the commit will write
  std::string unit_result;  // how systemd says the unit ended, for one without a result
  std::vector<std::function<void(const Job&)>> waiters;      // told when it ended
  std::vector<std::function<void(Job&)>> start_waiters;      // a session's: told when it runs or ended

  ~Job() { sd_event_source_disable_unref(report_source); }
};

// A request that was authorised, as work: the record without id, and the fds it brings.
struct Plan {
  Record record;
  std::map<std::string, os::UniqueFd> fds;
  std::map<std::string, os::UniqueFd> fetch_fds;
  std::set<std::string> kept_fds;  // of `fds`, those that a later stage may need again
};

// All jobs. It starts their units, hears them, commits what they made, keeps how they ended for
// ten minutes, and after a restart finds them again.
class Table {
 public:
  struct Events {
    std::function<void(const Job&)> added;
    std::function<void(const Job&)> changed;
    std::function<void(std::uint64_t)> removed;
    std::function<void(const Touched&)> touched;
  };

  Table(sd_event* loop, store::Store& store, store::BlobCache& cache, store::LeaseTable& leases,
        const store::Settings& settings, systemd::UnitWatch& units);
  ~Table();

  void set_events(Events events) { events_ = std::move(events); }

  // Finds the jobs of the daemon before us. `live` are the units that PID 1 still has. To be called
  // once, before anything is served.
  void recover(const std::set<std::string>& live);
  // Signals may have been missed: jobs whose unit is not among `live` have ended.
  void reconcile(const std::set<std::string>& live);

  // Takes the leases (Busy), counts the limits (LimitExceeded), writes the record, starts or
  // queues. Work that the daemon does alone has ended when this returns.
  std::uint64_t submit(Plan plan);

  Job* find(std::uint64_t id);
  const std::map<std::uint64_t, std::unique_ptr<Job>>& all() const { return jobs_; }

  void cancel(std::uint64_t id);
  void when_ended(Job& job, std::function<void(const Job&)> then);
  void when_started(Job& job, std::function<void(Job&)> then);
  void send_signal(Job& session, int signal);

  void on_unit_removed(const std::string& unit);
  void on_unit_result(const std::string& unit, const std::string& result);

  void empty_trash();  // by a worker, unless one is at it

  bool idle() const;
  std::size_t running() const;
  std::set<std::string> pinned_layers() const;

 private:
  Job& add(Record record);
  Job* by_unit(const std::string& unit);
  void check_limits(const Record& record) const;
  void start_queued();
  void start(Job& job);
  void complete_request(Record& record);
  std::vector<systemd::TransientUnit> units_of(Job& job, std::vector<os::UniqueFd>& passed);
  void start_unit(Job& job, const systemd::TransientUnit& unit);
  void on_start_failed(std::uint64_t id, const std::string& unit, const Error& error);
  void stop_units(const Job& job);
  void begin_stage(Job& job, const std::string& verb, const json::Value& before);
  void begin_container(const Job& job);
  bool may_start(std::uint32_t owner) const;
  void stop_cancelled(const Job& job);
  os::UniqueFd open_report(Job& job);
  int on_report(Job& job);
  void on_packet(Job& job, const json::Value& packet, os::UniqueFd fd);
  void on_finished(Job& job);
  void conclude(Job& job);  // its work has ended: read the result, commit or discard
  void end(Job& job, State state, Errc error, const std::string& message);
  void undo(const Job& job);
  void keep_end(Record& record);
  void forget(std::uint64_t id);  // on disk
  json::Value collect_garbage();
  void forget_old();

  sd_event* loop_;
  store::Store& store_;
  store::BlobCache& cache_;
  store::LeaseTable& leases_;
  const store::Settings& settings_;
  systemd::UnitWatch& units_;
  Spool spool_;
  Events events_;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  sd_event_source* forget_timer_ = nullptr;
};

}  // namespace sdme::job
