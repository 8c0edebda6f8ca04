// SPDX-License-Identifier: MIT
#include "bus/healths.hpp"

#include <utility>
#include <vector>

#include "base/log.hpp"

namespace sdme::bus {

namespace {

void ask(Context& context, const std::vector<std::string>& names) {
  try {
    context.jobs.submit({.record = {.kind = "health",
                                    .verb = "health",
                                    .target = "containers",
                                    .request = {{"names", names}},
                                    .commit = {{"names", names}}},
                         .fds = {}});
  } catch (const Error& error) {
    log::warning("containers cannot be asked how they are: " + error.message());
  }
}

}  // namespace

void Healths::tick(Context& context) {
  std::set<std::string> lacking;
  std::vector<std::string> to_ask;
  for (const auto& [name, record] : context.store.catalogue().containers()) {
    if (!context.states.lacks_health(name)) continue;
    lacking.insert(name);
    if (lacking_.contains(name) && !asked_.contains(name)) to_ask.push_back(name);
  }
  std::erase_if(asked_, [&](const std::string& name) { return !lacking.contains(name); });
  asked_.insert(to_ask.begin(), to_ask.end());
  lacking_ = std::move(lacking);
  if (!to_ask.empty()) ask(context, to_ask);
}

}  // namespace sdme::bus
