// SPDX-License-Identifier: MIT
#include "commands/events.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "chronicle.hpp"
#include "client.hpp"
#include "reader.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

using Filter = std::pair<std::string, std::string>;

// What happens while the daemon is away is found at the next question, which brings it back. A peer announces nothing.
constexpr std::chrono::seconds kAskEvery{5};
constexpr std::chrono::seconds kAskPeerEvery{1};

std::vector<Filter> parse(const std::vector<std::string>& typed) {
  std::vector<Filter> filters;
  for (const auto& word : typed) {
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    if (equals == std::string::npos || (key != "type" && key != "name" && key != "event")) {
      throw Failure(exit_code::kUsage,
                    fmt::format("--filter: '{}' is not type=, name= or event= with a word", printable(word)));
    }
    filters.emplace_back(key, word.substr(equals + 1));
  }
  return filters;
}

// All must hold; of several with the same key, one.
bool admits(const std::vector<Filter>& filters, const Event& event) {
  const auto is = [&](const Filter& filter) {
    return filter.second == (filter.first == "type" ? event.type : filter.first == "name" ? event.name : event.event);
  };
  return std::ranges::all_of(filters, [&](const Filter& filter) {
    return std::ranges::any_of(filters, [&](const Filter& other) { return other.first == filter.first && is(other); });
  });
}

std::uint64_t now_usec() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void print(Client& client, const Event& event) {
  if (client.out.wants_json()) {
    auto json = json_of(event.details);
    json["time_usec"] = now_usec();
    json["type"] = event.type;
    json["name"] = event.name;
    json["event"] = event.event;
    return client.out.result(json_text(json, Json::kShort));
  }
  std::string details;
  for (const auto& [key, value] : event.details) details += fmt::format(" {}={}", key, plain_text(key, value));
  client.out.result(printable(fmt::format("{} {} {} {}{}", local_time_of_event(now_usec()), event.type, event.name,
                                          event.event, details)) +
                    "\n");
}

}  // namespace

void Events::define(CLI::App& app) {
  app.add_option("--filter", filters, "only those with type=, name= or event=WORD; repeated, all must hold")
      ->allow_extra_args(false)
      ->type_name("KEY=WORD");
}

int Events::run(Client& client) const {
  const auto wanted = parse(filters);
  Chronicle chronicle;
  bool ask = true;
  const auto tell = [&](const std::vector<Event>& events) {
    for (const auto& event : events) {
      if (admits(wanted, event)) print(client, event);
    }
  };
  std::vector<ObjectNews> early;  // before the first lists
  bool begun = false;
  std::vector<sdbus::Slot> slots;
  if (!client.bus.is_peer()) {
    slots = client.bus.watch_objects(
        [&](const ObjectNews& news) { begun ? tell(chronicle.on_news(news)) : early.push_back(news); },
        [&] { ask = true; });
  }
  const Loop::Tick tick(client.loop, client.bus.is_peer() ? kAskPeerEvery : kAskEvery, [&] { ask = true; });
  const Reader reader(client.loop);
  while (!reader.gone()) {
    ask = false;
    try {
      const auto containers = client.bus.await(client.bus.open().ListContainers({}));
      const auto rootfs = client.bus.await(client.bus.open().ListRootfs({}));
      const auto jobs = client.bus.await(client.bus.open().ListJobs({}));
      tell(chronicle.on_lists(containers, rootfs, jobs));
      for (const auto& news : std::exchange(early, {})) tell(chronicle.on_news(news));
      begun = true;
    } catch (const Failure& failure) {
      // One that went away with the question comes back, or is brought back by the next one.
      if (!begun || (failure.exit_status == exit_code::kUnreachable && !failure.is_away)) throw;
    }
    client.loop.run_until([&] { return ask || reader.gone(); });
  }
  return exit_code::kDone;
}

}  // namespace sdme::client
