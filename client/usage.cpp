// SPDX-License-Identifier: MIT
#include "usage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace sdme::client {

namespace {

constexpr std::uint64_t kUncounted = UINT64_MAX;

std::uint64_t number(const Dict& usage, const std::string& key) {
  return value_of<std::uint64_t>(usage, key, kUncounted);
}

std::string bytes(const Dict& usage, const std::string& key) {
  const auto value = number(usage, key);
  return value == kUncounted ? "-" : human_bytes(value);
}

std::string of_most(const std::string& used, const std::string& most) {
  return most == "-" ? used : used + " / " + most;
}

std::string tasks(const Dict& usage) {
  const auto value = number(usage, "tasks");
  return value == kUncounted ? "-" : std::to_string(value);
}

std::string percent(const Dict& usage) {
  const auto value = value_of<double>(usage, "cpu-percent", -1);
  return value < 0 ? "-" : fmt::format("{:.1f}%", value);
}

std::string both(const Dict& usage, const std::string& one, const std::string& other) {
  return bytes(usage, one) + " / " + bytes(usage, other);
}

}  // namespace

std::vector<Dict> with_rates(std::vector<Dict> now, const std::vector<Dict>& before) {
  for (auto& usage : now) {
    const auto name = value_of<std::string>(usage, "name");
    const auto last =
        std::ranges::find_if(before, [&](const Dict& one) { return value_of<std::string>(one, "name") == name; });
    if (last == before.end()) continue;
    const auto cpu = number(usage, "cpu-usec");
    const auto cpu_before = number(*last, "cpu-usec");
    const auto time = number(usage, "time-usec");
    const auto time_before = number(*last, "time-usec");
    const bool same_start = cpu != kUncounted && cpu_before != kUncounted && cpu >= cpu_before;
    if (!same_start || time <= time_before) continue;
    const auto share = static_cast<double>(cpu - cpu_before) / static_cast<double>(time - time_before);
    usage["cpu-percent"] = sdbus::Variant(100 * share);
  }
  return now;
}

Table usage_table(const std::vector<Dict>& usage) {
  Table table({"NAME", "STATUS", "CPU", "MEMORY", "SWAP", "TASKS", "READ / WRITTEN", "RECEIVED / SENT"});
  for (const auto& one : usage) {
    table.add({value_of<std::string>(one, "name"), value_of<std::string>(one, "state"), percent(one),
               of_most(bytes(one, "memory"), bytes(one, "memory-max")), bytes(one, "swap"), tasks(one),
               both(one, "io-read", "io-written"), both(one, "net-received", "net-sent")});
  }
  return table;
}

}  // namespace sdme::client
