// SPDX-License-Identifier: MIT
#include "commands/fs_gc.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"
#include "text.hpp"

namespace sdme::client {

void FsGc::define(CLI::App&) {}

int FsGc::run(Client& client) const {
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().CollectGarbage(foreground_options()));
  const auto result = waiter.finish(job, "remove", "what nothing needs");
  if (client.out.wants_json()) {
    client.out.results(result);
    return exit_code::kDone;
  }
  client.out.result(fmt::format("{}, {} of {}\n", counted(value_of<std::uint64_t>(result, "layers"), "layer"),
                                counted(value_of<std::uint64_t>(result, "downloads"), "broken off download"),
                                human_bytes(value_of<std::uint64_t>(result, "bytes"))));
  return exit_code::kDone;
}

}  // namespace sdme::client
