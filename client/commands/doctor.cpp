// SPDX-License-Identifier: MIT
#include "commands/doctor.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

#include "client.hpp"
#include "findings.hpp"
#include "job_waiter.hpp"

namespace sdme::client {

namespace {

using Level = Finding::Level;

constexpr const char* kStore = "/var/lib/sdmed";

std::string word(Level level) {
  if (level == Level::kOk) return "ok";
  return level == Level::kNote ? "note" : "problem";
}

Colour colour(Level level) {
  if (level == Level::kOk) return Colour::kGreen;
  return level == Level::kNote ? Colour::kYellow : Colour::kRed;
}

// What the service tells, and that it does.
Finding ask_service(Client& client, HostReport& report) {
  try {
    JobWaiter waiter(client);
    const auto job = client.bus.await(client.bus.open().CheckHost(foreground_options()));
    const auto result = waiter.finish(job, "check", "this host");
    report = {.forward_drops = value_of<std::vector<std::string>>(result, "forward-drops"),
              .input_drops = value_of<std::vector<std::string>>(result, "input-drops"),
              .lost_rules = value_of<std::vector<std::string>>(result, "lost-rules")};
    return {Level::kOk, "service", "sdmed answers", ""};
  } catch (const Failure& failure) {
    return {Level::kProblem, "service", failure.message,
            failure.hint.empty() ? "'systemctl status sdmed' and its journal tell more" : failure.hint};
  }
}

}  // namespace

void Doctor::define(CLI::App&) {}

int Doctor::run(Client& client) const {
  utsname kernel = {};
  ::uname(&kernel);
  HostReport report;
  std::vector<Finding> findings = {ask_service(client, report)};
  std::ranges::move(examine_host("", kernel.release, report), std::back_inserter(findings));
  findings.push_back(examine_space(kStore));
  const bool bad = std::ranges::contains(findings, Level::kProblem, &Finding::level);
  if (client.out.wants_json()) {
    auto all = JsonValue::array();
    for (const auto& one : findings)
      all.push_back({{"check", one.what}, {"level", word(one.level)}, {"finding", one.sentence}, {"fix", one.fix}});
    client.out.results(all);
  } else {
    Table table({"CHECK", "LEVEL", "FINDING"});
    for (const auto& one : findings) table.add({one.what, {word(one.level), colour(one.level)}, one.sentence});
    client.out.table(table);
    for (const auto& one : findings) {
      if (!one.fix.empty()) client.out.result(fmt::format("\n{}: {}\n", one.what, one.fix));
    }
  }
  return bad ? exit_code::kFailed : exit_code::kDone;
}

}  // namespace sdme::client
