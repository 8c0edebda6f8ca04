// SPDX-License-Identifier: MIT
#include "base/clock.hpp"
#include "base/log.hpp"
#include "job/table.hpp"
#include "store/layout.hpp"

// What is kept for the sake of jobs, how long, and who takes away what nobody keeps.
namespace sdme::job {

namespace {

constexpr std::uint64_t kKeepEndedUsec = 600'000'000;
constexpr std::size_t kKeepEnded = 64;

}  // namespace

std::set<std::string> Table::pinned_layers() const {
  std::set<std::string> pinned;
  for (const auto& [id, job] : jobs_) {
    if (!ended(job->record.state)) pinned.insert(job->record.pinned_layers.begin(), job->record.pinned_layers.end());
  }
  return pinned;
}

void Table::forget(std::uint64_t id) {
  try {
    spool_.remove(id);
  } catch (const Error& error) {
    log::error("the record of job " + std::to_string(id) + " could not be removed: " + error.message());
  }
}

void Table::forget_old() {
  const auto now = realtime_usec();
  std::vector<std::uint64_t> over;
  for (const auto& [id, job] : jobs_) {
    if (ended(job->record.state)) over.push_back(id);
  }
  const auto surplus = over.size() > kKeepEnded ? over.size() - kKeepEnded : 0;
  for (std::size_t i = 0; i < over.size(); ++i) {
    const auto& record = jobs_.at(over[i])->record;
    if (i >= surplus && record.created_usec + kKeepEndedUsec > now) continue;
    forget(over[i]);
    events_.removed(over[i]);
    jobs_.erase(over[i]);
  }
}

json::Value Table::collect_garbage() {
  std::set<std::uint64_t> live;
  for (const auto& [id, job] : jobs_) {
    if (!ended(job->record.state)) live.insert(id);
  }
  const auto layers = store_.sweep(live, pinned_layers());
  cache_.sweep(live);
  const auto downloads = cache_.drop_partials();
  return {{"layers", layers}, {"downloads", downloads.count}, {"bytes", downloads.bytes}};
}

void Table::empty_trash() {
  if (store_.trash_is_empty() && cache_.trash_is_empty()) return;
  for (const auto& [id, job] : jobs_) {
    if (job->record.kind == "trash" && !ended(job->record.state)) return;
  }
  try {
    submit({.record = {.kind = "trash",
                       .verb = "trash",
                       .target = "trash",
                       .request = {{"trash", {layout::state(layout::kTrash), cache_.trash_path()}}}},
            .fds = {}});
  } catch (const Error& error) {
    log::error("emptying the trash: " + error.message());
  }
}

}  // namespace sdme::job
