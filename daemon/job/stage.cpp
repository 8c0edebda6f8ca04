// SPDX-License-Identifier: MIT
#include "job/stage.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "job/sandbox.hpp"
#include "job/table.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

// How a job is put to work: its units, one stage after the other.
namespace sdme::job {

namespace {

struct Step {
  std::string_view from;
  std::string_view to;
};
constexpr std::array kSteps = {Step{"import", "disk"}, Step{"import", "provision"}, Step{"disk", "provision"}};

std::pair<os::UniqueFd, os::UniqueFd> socket_pair() {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) throw_errno("making a socket pair");
  return {os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

// Not while machined holds the name of the run before: that is waited for, which a worker does.
bool may_begin(const Record& record) {
  return access((std::string(layout::kMachinesState) + "/" + record.target).c_str(), F_OK) < 0 && errno == ENOENT;
}

}  // namespace

std::optional<std::string> next_stage(const Record& record, const json::Value& result) {
  const auto next = json::get_or<std::string>(result, "next", "");
  if (next.empty()) return std::nullopt;
  const bool known =
      std::ranges::any_of(kSteps, [&](const Step& step) { return step.from == record.verb && step.to == next; });
  if (!known) throw Error(Errc::kCorrupt, "the worker wants to go on with " + text::quoted(next));
  return next;
}

// What only the moment of the start tells.
void Table::complete_request(Record& record) {
  record.request["verb"] = record.verb;
  record.request["job"] = record.id;
  record.request["out"] = spool_.out_path(record.id);
  if (record.staging) {
    record.request["staging"] = layout::state(std::string(layout::kStaging) + "/" + std::to_string(record.id));
  }
  if (record.verb == "import") {
    record.pinned_layers = store_.layer_ids();  // the worker may build on any of them
    record.request["have"] = record.pinned_layers;
  }
  if (!record.fetches()) return;
  record.fetch["verb"] = "fetch";
  record.fetch["job"] = record.id;
  record.fetch["blobs"] = cache_.make_fetch(record.id);
  record.fetch["out"] = record.fetch["blobs"];
  const bool use_cache = json::get<bool>(record.fetch, "keep") && cache_.enabled();
  record.fetch["cache"] = use_cache ? cache_.layout_path() : "";
}

// Borrows from the job and from `passed`, which holds what the units alone are to hold.
std::vector<systemd::TransientUnit> Table::units_of(Job& job, std::vector<os::UniqueFd>& passed) {
  const auto& record = job.record;
  const auto pass = [&](os::UniqueFd fd) { return passed.emplace_back(std::move(fd)).get(); };
  std::vector<systemd::TransientUnit> units;
  units.push_back({.name = record.unit(),
                   .description = "sdmed " + record.title(),
                   .argv = {layout::worker_program(record.verb), record.verb},
                   .properties = sandbox(record, spool_.out_path(record.id), settings_),
                   .fds = {{"request", pass(os::sealed_memory(record.request.dump(), "request"))},
                           {"report", pass(open_report(job))}}});
  for (const auto& [name, fd] : job.fds) units.back().fds.push_back({name, fd.get()});
  if (!record.fetches()) return units;

  auto [ours, theirs] = socket_pair();
  units.back().fds.push_back({"link", pass(std::move(ours))});
  auto [nobody, report] = socket_pair();  // who fetches reports to the other unit alone
  units.push_back({.name = layout::fetch_unit(record.id),
                   .description = "sdmed " + record.title() + ", fetching",
                   .argv = {layout::worker_program("fetch"), "fetch"},
                   .properties = fetch_sandbox(record, settings_),
                   .fds = {{"request", pass(os::sealed_memory(record.fetch.dump(), "request"))},
                           {"report", pass(std::move(report))},
                           {"link", pass(std::move(theirs))}}});
  for (const auto& [name, fd] : job.fetch_fds) units.back().fds.push_back({name, fd.get()});
  return units;
}

void Table::start(Job& job) {
  auto& record = job.record;
  try {
    complete_request(record);
    record.state = State::kRunning;
    if (record.begins_container()) record.request["begun"] = may_begin(record);
    spool_.write(record);
    std::vector<os::UniqueFd> passed;
    const auto units = units_of(job, passed);
    if (record.begins_container()) begin_container(job);
    for (const auto& unit : units) start_unit(job, unit);
    // The messages hold their own; a pipe must have no other reader or writer here.
    std::erase_if(job.fds, [&](const auto& entry) { return !job.kept_fds.contains(entry.first); });
    job.fetch_fds.clear();
    events_.changed(job);
  } catch (const Error& error) {
    if (job.live_units.empty()) return end(job, State::kFailed, error.code(), error.message());
    job.start_error = error;
    stop_units(job);
  }
}

void Table::start_unit(Job& job, const systemd::TransientUnit& unit) {
  units_.start(unit, [this, id = job.record.id, name = unit.name](std::optional<Error> error) {
    if (error) on_start_failed(id, name, *error);
  });
  job.live_units.insert(unit.name);
}

// PID 1 boots the container while it builds the worker's sandbox. It was asked first, so the worker finds it begun.
void Table::begin_container(const Job& job) {
  const auto unit = layout::container_unit(job.record.target);
  units_.start(unit, [this, id = job.record.id](std::optional<Error> error) {
    auto* begun = find(id);
    if (!error || begun == nullptr || ended(begun->record.state)) return;
    begun->start_error = *error;
    stop_units(*begun);
  });
}

void Table::on_start_failed(std::uint64_t id, const std::string& unit, const Error& error) {
  auto* job = find(id);
  if (job == nullptr || job->live_units.erase(unit) == 0) return;
  if (!job->start_error) job->start_error = error;
  job->live_units.empty() ? conclude(*job) : stop_units(*job);
}

void Table::stop_units(const Job& job) {
  for (const auto& unit : job.live_units) {
    try {
      units_.stop(unit);
    } catch (const Error& error) {
      log::warning("stopping " + unit + ": " + error.message());
    }
  }
}

// The same job with another unit: its staging, its leases and what it kept go on.
void Table::begin_stage(Job& job, const std::string& verb, const json::Value& before) {
  auto& record = job.record;
  const bool needs_data = json::get_or<std::string>(before, "image", "") == "data";
  if (needs_data && !job.fds.contains("data")) {
    return end(job, State::kFailed, Errc::kDaemonRestarted,
               "the daemon was restarted and no longer has the file to import; try again");
  }
  record.verb = verb;
  record.request["before"] = before;
  job.unit_result.clear();
  job.report_source = sd_event_source_disable_unref(job.report_source);
  start(job);
}

}  // namespace sdme::job
