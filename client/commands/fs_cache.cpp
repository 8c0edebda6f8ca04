// SPDX-License-Identifier: MIT
#include "commands/fs_cache.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "inspection.hpp"
#include "text.hpp"

namespace sdme::client {

void CacheInspect::define(CLI::App&) {}

int CacheInspect::run(Client& client) const {
  const auto cache = client.bus.await(client.bus.open().InspectCache({}));
  client.out.wants_json() ? client.out.results(cache) : client.out.result(block_of(cache));
  return exit_code::kDone;
}

void CacheList::define(CLI::App&) {}

int CacheList::run(Client& client) const {
  const auto list = client.bus.await(client.bus.gated().ListCache({}));
  if (client.out.wants_json()) {
    client.out.results(list);
    return exit_code::kDone;
  }
  if (list.empty()) {
    client.out.say("the cache is empty");
    return exit_code::kDone;
  }
  Table table({"DIGEST", "SIZE", "USED"});
  for (const auto& blob : list) {
    table.add({value_of<std::string>(blob, "digest"), human_bytes(value_of<std::uint64_t>(blob, "size")),
               local_time(value_of<std::uint64_t>(blob, "used-usec"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

void CacheClean::define(CLI::App& app) { app.add_flag("-a,--all", all, "everything"); }

int CacheClean::run(Client& client) const {
  Dict options;
  if (all) options["all"] = sdbus::Variant(true);
  const auto result = client.bus.await(client.bus.gated().CleanCache(options));
  if (client.out.wants_json()) {
    client.out.results(result);
    return exit_code::kDone;
  }
  client.out.result(fmt::format("{} of {}\n", counted(value_of<std::uint64_t>(result, "blobs"), "blob"),
                                human_bytes(value_of<std::uint64_t>(result, "bytes"))));
  return exit_code::kDone;
}

}  // namespace sdme::client
