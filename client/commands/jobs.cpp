// SPDX-License-Identifier: MIT
#include "commands/jobs.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "batch.hpp"
#include "client.hpp"
#include "inspection.hpp"
#include "job_waiter.hpp"
#include "remarks.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

std::string percent_of(const Dict& job) {
  const auto fraction = value_of(job, "progress", -1.0);
  return fraction < 0 ? "" : fmt::format("{:.0f}%", std::min(fraction, 1.0) * 100);
}

std::string last_word_of(const std::string& bus_name) { return bus_name.substr(bus_name.rfind('.') + 1); }

Colour colour_of(const std::string& state) {
  if (state == "failed") return Colour::kRed;
  return state == "done" ? Colour::kGreen : Colour::kNone;
}

std::vector<Dict> list_jobs(Client& client) { return client.bus.await(client.bus.open().ListJobs({})); }

Dict find_job(const std::vector<Dict>& list, std::uint64_t id) {
  const auto found =
      std::ranges::find_if(list, [&](const Dict& job) { return value_of<std::uint64_t>(job, "id") == id; });
  if (found == list.end()) throw Failure(exit_code::kNotFound, fmt::format("there is no job {}", id));
  return *found;
}

bool has_ended(const Dict& job) {
  const auto state = value_of<std::string>(job, "state");
  return state == "done" || state == "failed" || state == "cancelled";
}

}  // namespace

void Jobs::define(CLI::App&) {}

int Jobs::run(Client& client) const {
  const auto list = list_jobs(client);
  if (client.out.wants_json()) {
    client.out.results(list);
    return exit_code::kDone;
  }
  if (list.empty()) {
    client.out.say("no jobs found");
    return exit_code::kDone;
  }
  Table table({"ID", "KIND", "TARGET", "STATE", "PHASE", "PROGRESS", "OWNER", "CREATED", "ERROR"});
  for (const auto& job : list) {
    const auto state = value_of<std::string>(job, "state");
    table.add({std::to_string(value_of<std::uint64_t>(job, "id")), value_of<std::string>(job, "kind"),
               value_of<std::string>(job, "target"), Cell(state, colour_of(state)),
               has_ended(job) ? "" : value_of<std::string>(job, "phase"), percent_of(job),
               user_name(value_of<std::uint32_t>(job, "owner")),
               local_time(value_of<std::uint64_t>(job, "created-usec")),
               last_word_of(value_of<std::string>(job, "error"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

void JobsWait::define(CLI::App& app) { app.add_option("ID", ids, "numbers of jobs")->required(); }

int JobsWait::run(Client& client) const {
  const auto list = list_jobs(client);
  JobWaiter waiter(client, JobWaiter::OnInterrupt::kLeave);
  std::vector<Target> targets;
  for (const auto id : ids) {
    const auto job = find_job(list, id);
    const auto target = value_of<std::string>(job, "target");
    targets.push_back({.typed = target, .name = target});
    waiter.add(id, value_of<std::string>(job, "kind"), target);
  }
  const auto outcomes = waiter.wait();
  const int status = report_batch(client, targets, outcomes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i]) say_remarks(client, targets[i].typed, *outcomes[i]);
  }
  return status;
}

void JobsCancel::define(CLI::App& app) { app.add_option("ID", ids, "numbers of jobs")->required(); }

int JobsCancel::run(Client& client) const {
  int status = exit_code::kDone;
  for (const auto id : ids) {
    try {
      client.bus.await(client.bus.gated().CancelJob(id, {}));
    } catch (const Failure& failure) {
      client.out.say(failure);
      if (status == exit_code::kDone) status = failure.exit_status;
    }
  }
  return status;
}

void JobsShow::define(CLI::App& app) { app.add_option("ID", ids, "numbers of jobs")->required(); }

int JobsShow::run(Client& client) const {
  const auto list = list_jobs(client);
  return show_each(client, ids.size(), [&](std::size_t i) {
    auto job = find_job(list, ids[i]);
    // Its last words are its owner's.
    if (has_ended(job)) {
      const auto [state, error, message, result] = client.bus.await(client.bus.gated().WaitJob(ids[i]));
      if (!message.empty()) job["message"] = sdbus::Variant(message);
      if (!result.empty()) job["result"] = sdbus::Variant(result);
    }
    return job;
  });
}

}  // namespace sdme::client
