// SPDX-License-Identifier: MIT
#include "machine/health.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "machine/guest.hpp"
#include "machine/verbs.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

std::string health_word(const std::string& system_state) {
  if (system_state == "running") return "ok";
  if (system_state == "degraded") return "degraded";
  if (system_state == "maintenance") return "failed";
  return "unknown";
}

}  // namespace

Health ask_health(const systemd::ServiceState& state, const std::string& name) {
  try {
    const auto leader = find_leader(state.main_pid);
    if (!leader) throw Error(Errc::kNotRunning, "it ended again");
    auto inside = service_manager_of(*leader);
    Health health = {.word = health_word(inside.system_state()), .failed_units = {}};
    if (health.word != "ok") health.failed_units = inside.failed_units();
    return health;
  } catch (const Error& error) {
    if (error.code() == Errc::kCancelled) throw;
    log::warning("the guest of container '" + name + "' does not tell its state: " + error.message());
    return {.word = "unknown", .failed_units = {}};
  }
}

// One that stands still, or has ended since, is left out.
json::Value run_health(job::Worker& worker) {
  os::heed_stop_requests();
  auto pid1 = systemd::Pid1::of_host();
  auto told = json::Value::object();
  for (const auto& name : json::get<std::vector<std::string>>(worker.request(), "names")) {
    const auto state = pid1.service(layout::container_unit(name));
    if (state.running() && !state.frozen) told[name] = ask_health(state, name).word;
  }
  return {{"health", told}};
}

}  // namespace sdme::machine
