// SPDX-License-Identifier: MIT
#include "bus/ephemerals.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "bus/requests.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::bus {

namespace {

constexpr std::uint64_t kAgainUsec = 60'000'000;  // after a removal that failed

bool is_down(const Context& context, const std::string& name) {
  const auto state = context.states.state(name);
  return state == "stopped" || state == "failed";
}

// sdme-init left a mark.
bool ran(const std::string& name) {
  const auto entry = os::Dir::open(layout::state(layout::kContainers)).find_dir(name);
  return entry && entry->exists(layout::kRan);
}

// As its owner would. Who works with it holds it: then the next tick tries again.
bool remove(Context& context, const model::ContainerRecord& record) {
  try {
    auto plan = requests::remove({.uid = record.owner}, record, {}, context.settings);
    plan.record.commit["uuid"] = record.uuid;
    context.jobs.submit(std::move(plan));
    log::info("container '" + record.name.str() + "' has stopped, and goes as it was asked to");
    return true;
  } catch (const Error& error) {
    if (error.code() != Errc::kBusy) log::warning("container '" + record.name.str() + "' stays: " + error.message());
    return error.code() != Errc::kBusy;
  }
}

}  // namespace

void Ephemerals::tick(Context& context) {
  std::set<std::string> down;
  const auto now = monotonic_usec();
  std::erase_if(not_before_, [&](const auto& entry) { return entry.second <= now; });
  for (const auto& [name, record] : context.store.catalogue().containers()) {
    if (!record.definition.ephemeral || !is_down(context, name) || not_before_.contains(record.uuid) || !ran(name))
      continue;
    if (down_.contains(name) && remove(context, record)) not_before_[record.uuid] = now + kAgainUsec;
    down.insert(name);
  }
  down_ = std::move(down);
}

bool Ephemerals::any_left(const Context& context) const {
  return !down_.empty() || std::ranges::any_of(context.store.catalogue().containers(), [&](const auto& entry) {
    return entry.second.definition.ephemeral && !is_down(context, entry.first);
  });
}

}  // namespace sdme::bus
