// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "machine/drop_in.hpp"
#include "machine/verbs.hpp"
#include "store/layout.hpp"
#include "systemd/pid1.hpp"

namespace sdme::machine {

namespace {

void settle_all(systemd::Pid1& pid1, const json::Value& drop_ins) {
  for (const auto& [name, definition] : drop_ins.items()) {
    settle_drop_in(pid1, name, model::Definition::from_json(definition));
  }
}

}  // namespace

// What systemd knows of it by its old name goes over to the new one; the store follows when this has ended. Should we be
// killed in between, a name is enabled that no container has: its start fails at boot, and nothing else.
json::Value run_rename(job::Worker& worker) {
  worker.progress("rename", -1);
  const auto& request = worker.request();
  const auto name = json::get<std::string>(request, "name");
  const auto to = json::get<std::string>(request, "new_name");
  const auto unit = layout::container_unit(name);
  const auto new_unit = layout::container_unit(to);
  const bool enabled = json::get<bool>(request, "enabled");
  auto pid1 = systemd::Pid1::of_host();
  if (const auto state = pid1.service(unit); !state.ended() || state.queued)
    throw Error(Errc::kBusy, "container " + text::quoted(name) + " runs; stop it first");
  pid1.reset_failed(unit);
  if (enabled) pid1.enable(new_unit);
  try {
    settle_all(pid1, request.at("drop_ins"));
    if (enabled) pid1.disable(unit);
    forget_unit(pid1, name);
  } catch (const Error&) {
    if (enabled) pid1.enable(unit);
    if (enabled) pid1.disable(new_unit);
    throw;
  }
  return {{"name", to}};
}

}  // namespace sdme::machine
