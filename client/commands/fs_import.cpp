// SPDX-License-Identifier: MIT
#include "commands/fs_import.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "client.hpp"
#include "job_waiter.hpp"
#include "source.hpp"

namespace sdme::client {

void FsImport::define(CLI::App& app) {
  app.add_option("NAME", name, "its name")->required();
  app.add_option("SOURCE", source, "a tar archive, compressed or not; a directory; or - for standard input")
      ->required();
  app.add_flag("-f,--force", force, "replace one of that name; containers made of it keep theirs");
  app.add_flag("--detach", detach, "print the number of the job and leave");
}

namespace {

Dict options_for(const FsImport& verb, const Source& opened) {
  auto options = foreground_options();
  if (verb.detach) options["on-disconnect"] = sdbus::Variant(std::string("continue"));
  if (verb.force) options["force"] = sdbus::Variant(true);
  if (!opened.origin().empty()) options["origin"] = sdbus::Variant(opened.origin());
  return options;
}

// What the reader of a directory has against it comes before what its absence did to the job.
Dict finish(Client& client, JobWaiter& waiter, Source& opened, std::uint64_t job, const std::string& name) {
  opened.watch(client.loop, [&] { waiter.cancel_all(); });
  try {
    return waiter.finish(job, "import", name);
  } catch (const Failure& failure) {
    if (failure.code == Errc::kCancelled && opened.failure()) throw *opened.failure();
    throw;
  }
}

}  // namespace

int FsImport::run(Client& client) const {
  Source opened(source);
  if (detach && opened.needs_us()) {
    throw Failure(exit_code::kUsage, "--detach needs an archive: a directory is read by us");
  }
  JobWaiter waiter(client);
  std::uint64_t job = 0;
  try {
    job = client.bus.await(client.bus.passing().ImportRootfs(name, opened.give(), options_for(*this, opened)));
  } catch (Failure& failure) {
    if (failure.code == Errc::kAlreadyExists && !force) failure.hint = "--force replaces it";
    throw;
  }
  if (detach) {
    client.out.result(fmt::format("{}\n", job));
    return exit_code::kDone;
  }
  auto result = finish(client, waiter, opened, job, name);
  for (const auto& warning : opened.warnings()) client.out.say("sdmectl: " + warning);
  result["name"] = sdbus::Variant(name);
  client.out.wants_json() ? client.out.results(result) : client.out.result(name + "\n");
  return exit_code::kDone;
}

}  // namespace sdme::client
