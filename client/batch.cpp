// SPDX-License-Identifier: MIT
#include "batch.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace sdme::client {

namespace {

// Two words for one container are one container.
void drop_repeated(std::vector<Target>& targets) {
  std::set<std::string> seen;
  std::erase_if(targets, [&](const Target& target) { return target.name && !seen.insert(*target.name).second; });
}

JsonValue entry_of(const Target& target, const Outcome& outcome) {
  auto json = outcome ? json_of(*outcome) : JsonValue::object();
  json["name"] = target.name.value_or(target.typed);
  if (!outcome) {
    json["error"] = outcome.error().bus_name;
    json["message"] = outcome.error().message;
  }
  return json;
}

}  // namespace

int report_batch(Client& client, const std::vector<Target>& targets, const std::vector<Outcome>& outcomes) {
  int first_status = exit_code::kDone;
  long failed = 0;
  auto all = JsonValue::array();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    all.push_back(entry_of(targets[i], outcomes[i]));
    if (outcomes[i]) {
      if (!client.out.wants_json()) client.out.result(*targets[i].name + "\n");
      continue;
    }
    client.out.say(outcomes[i].error());
    if (failed++ == 0) first_status = outcomes[i].error().exit_status;
  }
  if (client.out.wants_json()) client.out.results(all);
  if (failed > 0 && targets.size() > 1) {
    client.out.say(fmt::format("sdmectl: {} of {} failed", failed, targets.size()));
  }
  return first_status;
}

int run_batch(Client& client, const std::string& verb, std::vector<Target> targets, const JobCall& call) {
  drop_repeated(targets);
  JobWaiter waiter(client);
  std::vector<Outcome> outcomes;
  std::vector<std::size_t> waiting;  // indices of those that have a job
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto& name = targets[i].name;
    outcomes.emplace_back(name ? Outcome(Dict{}) : Outcome(std::unexpected(name.error())));
    if (!name) continue;
    try {
      waiter.add(client.bus.await(call(client.bus.gated(), *name)), verb, *name);
      waiting.push_back(i);
    } catch (const Failure& failure) {
      outcomes[i] = std::unexpected(failure);
    }
  }
  auto ends = waiter.wait();
  for (std::size_t i = 0; i < waiting.size(); ++i) outcomes[waiting[i]] = std::move(ends[i]);
  const int status = report_batch(client, targets, outcomes);
  if (const auto signal = waiter.interrupted_by()) throw Interrupted{*signal};
  return status;
}

}  // namespace sdme::client
