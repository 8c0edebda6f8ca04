// SPDX-License-Identifier: MIT
#include "bus/usage.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "bus/manager_object.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::bus {

namespace {

using sdbus::Variant;

constexpr std::size_t kLongest = 64 * 1024;
constexpr std::size_t kMostNames = 1024;

// "usage_usec 12" of cpu.stat, by its word.
std::optional<std::uint64_t> value_after(const std::string& text, const std::string& word) {
  std::istringstream stream(text);
  std::string key;
  std::string value;
  while (stream >> key >> value) {
    if (key == word) return text::to_unsigned(value);
  }
  return std::nullopt;
}

// "8:0 rbytes=1 wbytes=2 …" of io.stat, summed over the disks.
std::uint64_t sum_of(const std::string& text, const std::string& key) {
  std::uint64_t sum = 0;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (word.starts_with(key + "=")) sum += text::to_unsigned(word.substr(key.size() + 1)).value_or(0);
  }
  return sum;
}

void add(Description& to, const char* key, const std::optional<std::uint64_t>& value) {
  if (value) to[key] = Variant{*value};
}

std::optional<std::uint64_t> number(const os::Dir& group, const char* file) {
  auto text = group.find_text(file, kLongest);
  if (!text) return std::nullopt;
  while (text->ends_with('\n')) text->pop_back();
  return text::to_unsigned(*text);  // "max" is none
}

// Answers when nobody holds it any more: everyone who was asked has answered, or never will.
struct Gathering {
  std::shared_ptr<Reply<std::vector<Description>>> reply;
  std::vector<Description> list;

  ~Gathering() { reply->send(list); }
};

// The network's bytes alone are systemd's to tell: IPAccounting=.
void ask_network(systemd::UnitWatch& units, const std::shared_ptr<Gathering>& gathering, const std::string& unit) {
  const auto at = gathering->list.size() - 1;
  for (const auto& [property, key] : {std::pair{"IPIngressBytes", "net-received"}, {"IPEgressBytes", "net-sent"}}) {
    units.count(unit, property,
                [gathering, at, key](std::optional<std::uint64_t> bytes) { add(gathering->list[at], key, bytes); });
  }
}

}  // namespace

Description usage_of_unit(const std::string& unit, const std::string& slice) {
  Description usage;
  try {
    const auto group = os::Dir::open(slice).find_dir(unit);
    if (!group) return usage;
    if (const auto cpu = group->find_text("cpu.stat", kLongest))
      add(usage, "cpu-usec", value_after(*cpu, "usage_usec"));
    add(usage, "memory", number(*group, "memory.current"));
    add(usage, "memory-max", number(*group, "memory.max"));
    add(usage, "swap", number(*group, "memory.swap.current"));
    add(usage, "tasks", number(*group, "pids.current"));
    add(usage, "tasks-max", number(*group, "pids.max"));
    if (const auto io = group->find_text("io.stat", kLongest)) {
      add(usage, "io-read", sum_of(*io, "rbytes"));
      add(usage, "io-written", sum_of(*io, "wbytes"));
    }
  } catch (const Error&) {
    return usage;  // it ended meanwhile, or nothing is counted here
  }
  return usage;
}

void ManagerObject::CheckHost(sdbus::Result<std::uint64_t>&& result, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    auto plan = requests::check_host(who, options);
    return {context_.door.required("CheckHost", who, {}, {}),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); }};
  });
}

// Answered at once, but for what systemd alone counts: the network.
void ManagerObject::GetUsage(sdbus::Result<List>&& result, std::vector<std::string> names, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader(options, "option").finish();
    if (names.size() > kMostNames) throw Error(Errc::kInvalidArgument, "more than 1024 names");
    std::vector<Check> checks;
    std::vector<model::ContainerRecord> asked;
    for (const auto& name : names) {
      asked.push_back(container(name));
      std::ranges::move(container_checks("GetUsage", who, asked.back(), "inspect"), std::back_inserter(checks));
    }
    if (names.empty()) {
      for (const auto& [name, record] : context_.store.catalogue().containers()) {
        if (who.uid == 0 || record.owner == who.uid) asked.push_back(record);
      }
    }
    return {std::move(checks), [this, asked = std::move(asked)](auto reply) {
              const auto gathering = std::make_shared<Gathering>(reply);
              for (const auto& record : asked) {
                const auto& name = record.name.str();
                const auto* now = context_.store.catalogue().find_container(name);
                if (now == nullptr || now->uuid != record.uuid) continue;
                const auto state = context_.states.state(name);
                const bool is_up = state != "stopped" && state != "failed";
                const auto unit = layout::container_unit(name);
                auto usage = is_up ? usage_of_unit(unit) : Description{};
                usage.insert(
                    {{"name", Variant{name}}, {"state", Variant{state}}, {"time-usec", Variant{monotonic_usec()}}});
                gathering->list.push_back(std::move(usage));
                if (is_up) ask_network(context_.units, gathering, unit);
              }
            }};
  });
}

}  // namespace sdme::bus
