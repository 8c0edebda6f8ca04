// SPDX-License-Identifier: MIT
#include "commands/stats.hpp"

#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "client.hpp"
#include "containers.hpp"
#include "name_prefix.hpp"
#include "reader.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "usage.hpp"

namespace sdme::client {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEvery{1000};
constexpr milliseconds kBetween{500};  // the two readings that a share takes

void pause(Client& client, milliseconds length, const Reader& reader) {
  bool over = false;
  const Loop::Tick tick(client.loop, length, [&] { over = true; });
  client.loop.run_until([&] { return over || reader.gone(); });
}

// Those that were not named count only while they run.
std::vector<Dict> read(Client& client, const std::vector<std::string>& names) {
  auto usage = client.bus.await(client.bus.gated().GetUsage(names, {}));
  if (names.empty()) std::erase_if(usage, [](const Dict& one) { return !one.contains("cpu-usec") && !is_up(one); });
  return usage;
}

void draw(Client& client, const std::vector<Dict>& usage) {
  const auto size = terminal_size(STDERR_FILENO);
  std::vector<std::string> lines;
  for (const auto& line : split(usage_table(usage).text({.legend = client.globals.legend, .colours = false}), '\n')) {
    if (!line.empty() && lines.size() + 2 < size.rows) lines.push_back(first_columns(line, size.columns - 1));
  }
  client.out.draw(lines);
}

}  // namespace

void Stats::define(CLI::App& app) {
  app.add_option("NAME", names, "names of containers; without one, yours that run");
  app.add_flag("--once", once, "show them once; this is the default where the output is no terminal, but for --json");
}

int Stats::run(Client& client) const {
  std::vector<std::string> wanted;
  const auto known = names.empty() ? std::vector<std::string>{} : names_in(list_containers(client));
  for (const auto& typed : names) wanted.push_back(resolve_name(known, typed));
  const bool live = !once && !client.out.wants_json() && is_terminal(STDOUT_FILENO) && is_terminal(STDERR_FILENO);
  const bool stream = !once && client.out.wants_json();
  const Reader reader(client.loop);
  auto before = read(client, wanted);
  pause(client, live || stream ? milliseconds(100) : kBetween, reader);
  while (!reader.gone()) {
    const auto now = read(client, wanted);
    const auto shown = with_rates(now, before);
    if (stream) {
      client.out.result(json_text(json_of(shown), Json::kShort));
    } else if (live) {
      draw(client, shown);
    } else {
      client.out.wants_json() ? client.out.results(shown) : client.out.table(usage_table(shown));
      return exit_code::kDone;
    }
    before = now;
    pause(client, kEvery, reader);
  }
  return exit_code::kDone;
}

}  // namespace sdme::client
