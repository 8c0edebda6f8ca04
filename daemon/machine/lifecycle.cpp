// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/text.hpp"
#include "machine/drop_in.hpp"
#include "machine/power.hpp"
#include "machine/resources.hpp"
#include "machine/verbs.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

using std::chrono::microseconds;

std::string name_of(const job::Worker& worker) { return json::get<std::string>(worker.request(), "name"); }

microseconds usec_of(const job::Worker& worker, std::string_view key) {
  constexpr std::uint64_t kLongest = 365ULL * 24 * 3600 * 1'000'000;  // so that a deadline never overflows
  return microseconds(std::min(json::get<std::uint64_t>(worker.request(), key), kLongest));
}

StopMode mode_of(const job::Worker& worker) {
  const auto word = json::get<std::string>(worker.request(), "mode");
  if (word == "graceful") return StopMode::kGraceful;
  if (word == "terminate") return StopMode::kTerminate;
  if (word == "kill") return StopMode::kKill;
  throw Error(Errc::kInvalidArgument, "there is no mode " + text::quoted(word) + ": graceful, terminate or kill");
}

std::string stop_as_asked(job::Worker& worker, systemd::Pid1& pid1) {
  worker.progress("stop", -1);
  const StopTimes times = {.graceful = usec_of(worker, "graceful_usec"),
                           .terminate = usec_of(worker, "terminate_usec"),
                           .kill = usec_of(worker, "kill_usec")};
  return stop(pid1, name_of(worker), mode_of(worker), times);
}

// What systemd must know of containers before they start or are enabled.
void settle_as_asked(const job::Worker& worker, systemd::Pid1& pid1) {
  const auto& request = worker.request();
  if (!request.contains("drop_ins")) return;
  for (const auto& [name, definition] : request.at("drop_ins").items()) {
    settle_drop_in(pid1, name, model::Definition::from_json(definition));
  }
}

// One after the other, each up before the next: the daemon has put them in order. How each is, by its name.
json::Value start_required(job::Worker& worker, systemd::Pid1& pid1) {
  auto told = json::Value::object();
  for (const auto& name : json::get_or<std::vector<std::string>>(worker.request(), "required", {})) {
    worker.progress("start " + name, -1);
    const auto health = while_doing("starting container '" + name + "', which is required",
                                    [&] { return start(pid1, name, usec_of(worker, "timeout_usec"), Begun::kNo); });
    told[name] = health.word;
  }
  return told;
}

json::Value start_as_asked(job::Worker& worker, systemd::Pid1& pid1, Begun begun) {
  settle_as_asked(worker, pid1);
  auto required = start_required(worker, pid1);
  worker.progress("start", -1);
  const auto health = start(pid1, name_of(worker), usec_of(worker, "timeout_usec"), begun);
  return {{"state", "running"},
          {"health", health.word},
          {"failed_units", health.failed_units},
          {"required", std::move(required)}};
}

}  // namespace

json::Value run_start(job::Worker& worker) {
  os::heed_stop_requests();
  auto pid1 = systemd::Pid1::of_host();
  const bool begun = json::get<bool>(worker.request(), "begun");
  return start_as_asked(worker, pid1, begun ? Begun::kYes : Begun::kNo);
}

json::Value run_stop(job::Worker& worker) {
  os::heed_stop_requests();
  auto pid1 = systemd::Pid1::of_host();
  return {{"state", "stopped"}, {"by", stop_as_asked(worker, pid1)}};
}

json::Value run_restart(job::Worker& worker) {
  os::heed_stop_requests();
  auto pid1 = systemd::Pid1::of_host();
  stop_as_asked(worker, pid1);
  return start_as_asked(worker, pid1, Begun::kNo);
}

json::Value run_enable(job::Worker& worker) {
  auto pid1 = systemd::Pid1::of_host();
  settle_as_asked(worker, pid1);
  pid1.enable(layout::container_unit(name_of(worker)));
  return json::Value::object();
}

json::Value run_disable(job::Worker& worker) {
  systemd::Pid1::of_host().disable(layout::container_unit(name_of(worker)));
  return json::Value::object();
}

json::Value run_remove(job::Worker& worker) {
  os::heed_stop_requests();
  auto pid1 = systemd::Pid1::of_host();
  worker.progress("stop", -1);
  stop(pid1, name_of(worker), StopMode::kTerminate,
       {.graceful = {}, .terminate = usec_of(worker, "terminate_usec"), .kill = usec_of(worker, "kill_usec")});
  pid1.disable(layout::container_unit(name_of(worker)));
  forget_unit(pid1, name_of(worker));
  if (json::get_or(worker.request(), "limits_disk", false)) limit_disk(name_of(worker), std::nullopt);
  return json::Value::object();
}

json::Value run_pause(job::Worker& worker) {
  auto pid1 = systemd::Pid1::of_host();
  const auto unit = layout::container_unit(name_of(worker));
  if (!pid1.service(unit).running())
    throw Error(Errc::kNotRunning,
                "container " + text::quoted(name_of(worker)) + " does not run, so it cannot be paused");
  pid1.freeze(unit);
  return {{"state", "paused"}};
}

json::Value run_resume(job::Worker& worker) {
  auto pid1 = systemd::Pid1::of_host();
  const auto unit = layout::container_unit(name_of(worker));
  if (!pid1.service(unit).running())
    throw Error(Errc::kNotRunning, "container " + text::quoted(name_of(worker)) + " does not run, so it is not paused");
  pid1.thaw(unit);
  return {{"state", "running"}};
}

}  // namespace sdme::machine
