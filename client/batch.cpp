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

namespace {

class Batch {
 public:
  Batch(Client& client, const std::string& verb, const std::vector<Target>& targets, const JobCall& call)
      : client_(client), verb_(verb), targets_(targets), call_(call) {
    const Failure not_asked(exit_code::kFailed, "was not asked for any more");
    for (const auto& target : targets) {
      outcomes.emplace_back(std::unexpected(target.name ? not_asked : target.name.error()));
    }
  }

  // As many at a time as the daemon queues.
  void run() {
    while (next_ < targets_.size() && !interrupted_by) run_some();
  }

  std::vector<Outcome> outcomes;
  std::optional<int> interrupted_by;

 private:
  void run_some() {
    JobWaiter waiter(client_);
    std::vector<std::size_t> waiting;  // indices of those that have a job
    for (; next_ < targets_.size(); ++next_) {
      const auto& name = targets_[next_].name;
      if (!name) continue;
      try {
        waiter.add(client_.bus.await(call_(client_.bus.gated(), *name)), verb_, *name);
        waiting.push_back(next_);
      } catch (const Failure& failure) {
        if (failure.code == Errc::kLimitExceeded && !waiting.empty()) break;  // when some of ours are done
        outcomes[next_] = std::unexpected(failure);
      }
    }
    auto ends = waiter.wait();
    for (std::size_t i = 0; i < waiting.size(); ++i) outcomes[waiting[i]] = std::move(ends[i]);
    interrupted_by = waiter.interrupted_by();
  }

  Client& client_;
  const std::string& verb_;
  const std::vector<Target>& targets_;
  const JobCall& call_;
  std::size_t next_ = 0;
};

}  // namespace

int run_batch(Client& client, const std::string& verb, std::vector<Target> targets, const JobCall& call) {
  drop_repeated(targets);
  Batch batch(client, verb, targets, call);
  batch.run();
  const int status = report_batch(client, targets, batch.outcomes);
  if (batch.interrupted_by) throw Interrupted{*batch.interrupted_by};
  return status;
}

}  // namespace sdme::client
