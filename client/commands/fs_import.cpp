// SPDX-License-Identifier: MIT
#include "commands/fs_import.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "client.hpp"
#include "credentials.hpp"
#include "job_waiter.hpp"
#include "remarks.hpp"
#include "source.hpp"
#include "text.hpp"

namespace sdme::client {

void FsImport::define(CLI::App& app) {
  app.add_option("NAME", name, "its name")->required();
  app.add_option("SOURCE", source,
                 "an image of a registry, a URL, a file, a directory, or - for standard input; force one reading with "
                 "docker://, "
                 "oci:, oci-archive:, docker-archive:, dir: or file:")
      ->required();
  app.add_flag("-f,--force", force, "replace one of that name; containers made of it keep theirs");
  app.add_flag("--detach", detach, "print the number of the job and leave");
  app.add_option("--platform", platform, "which image of several; default: this host's")
      ->type_name("OS/ARCH[/VARIANT]");
  app.add_option("--tag", tag, "which image of an archive or layout with several, also of one behind a URL")
      ->type_name("TAG");
  app.add_option("--install-packages", install_packages, "what a boot needs and is missing: auto, yes or no")
      ->check(CLI::IsMember({"auto", "yes", "no"}))
      ->type_name("HOW");
  app.add_flag("--no-cache", no_cache, "fetch everything, and keep none of it for other imports");
  auto* typed =
      app.add_option("--creds", creds, "who to be for the registry; the password is asked for if it is not here")
          ->type_name("USER[:PASSWORD]");
  app.add_option("--authfile", authfile, "where credentials are, instead of podman's and docker's files")
      ->type_name("FILE")
      ->excludes(typed);
}

namespace {

// What both ways of importing understand. What is not said is left to the daemon.
Dict options_of(const FsImport& verb) {
  auto options = foreground_options();
  if (verb.detach) options["on-disconnect"] = sdbus::Variant(std::string("continue"));
  if (verb.force) options["force"] = sdbus::Variant(true);
  if (!verb.platform.empty()) options["platform"] = sdbus::Variant(verb.platform);
  if (!verb.install_packages.empty()) options["install-packages"] = sdbus::Variant(verb.install_packages);
  return options;
}

// The job's number, or a Failure that says what to do.
std::uint64_t started(Client& client, const FsImport& verb, std::future<std::uint64_t> answer) {
  try {
    return client.bus.await(std::move(answer));
  } catch (Failure& failure) {
    if (failure.code == Errc::kAlreadyExists && !verb.force) failure.hint = "--force replaces it";
    const bool looks_like_source = verb.name.find_first_of("/.:") != std::string::npos;
    if (failure.code == Errc::kInvalidArgument && looks_like_source) failure.hint = "NAME comes first, then SOURCE";
    throw;
  }
}

// What the reader of a directory has against it comes before what its absence did to the job.
Dict finish_local(Client& client, JobWaiter& waiter, Source& opened, std::uint64_t job, const std::string& name) {
  opened.watch(client.loop, [&] { waiter.cancel_all(); });
  try {
    return waiter.finish(job, "import", name);
  } catch (const Failure& failure) {
    if (failure.code == Errc::kCancelled && opened.failure()) throw *opened.failure();
    throw;
  }
}

// What to do about a registry that does not let us in.
std::string login_hint(const SourceName& what, const CredentialSearch& search) {
  if (search.found && search.where.empty()) return "--creds was not accepted";
  if (search.found) return fmt::format("those of {} in {} were not accepted", search.found->key, search.where);
  if (what.reference->is_short()) {
    return "with a short name, credentials of docker.io alone are used: say HOST/PATH for those of another registry";
  }
  const auto looked = search.looked_in.empty() ? "" : fmt::format(", looked in {}", join(search.looked_in, ", "));
  return fmt::format("no credentials for {} were found{}: --creds, or 'podman login {}'", what.reference->registry,
                     looked, what.reference->registry);
}

// Throws the Failure of an option that says nothing about such a source.
void check(const FsImport& verb, const SourceName& what) {
  const auto refuse = [](const std::string& why) { throw Failure(exit_code::kUsage, why); };
  if (!what.reference && (!verb.creds.empty() || !verb.authfile.empty())) refuse("credentials are for registries");
  if (!what.is_remote() && verb.no_cache) refuse("--no-cache is for what is fetched from a server");
  if (what.reference && !verb.tag.empty()) {
    refuse("--tag is for archives and layouts: of an image in a registry, it is a part of the name");
  }
  if (!verb.creds.empty() && what.reference->is_short()) {
    refuse("--creds wants to know for which registry: say HOST/PATH, as in docker.io/debian");
  }
  if (!verb.tag.empty() && !what.tag.empty()) refuse("the tag is given twice, in SOURCE and by --tag");
}

int detached(Client& client, const FsImport& verb, std::uint64_t job) {
  client.out.wants_json() ? client.out.results(Dict{{"job", sdbus::Variant(job)}, {"name", sdbus::Variant(verb.name)}})
                          : client.out.result(fmt::format("{}\n", job));
  return exit_code::kDone;
}

int finish(Client& client, const FsImport& verb, Dict result) {
  say_remarks(client, verb.name, result);
  result["name"] = sdbus::Variant(verb.name);
  client.out.wants_json() ? client.out.results(result) : client.out.result(verb.name + "\n");
  return exit_code::kDone;
}

int import_local(Client& client, const FsImport& verb, const SourceName& what) {
  Source opened(what);
  if (verb.detach && opened.needs_us()) {
    throw Failure(exit_code::kUsage, "--detach needs a file or an image of a registry: a directory is read by us");
  }
  auto all = options_of(verb);
  if (!opened.origin().empty()) all["origin"] = sdbus::Variant(opened.origin());
  if (opened.size_hint() > 0) all["size-hint"] = sdbus::Variant(opened.size_hint());
  if (const auto& chosen = verb.tag.empty() ? what.tag : verb.tag; !chosen.empty()) all["tag"] = sdbus::Variant(chosen);
  JobWaiter waiter(client);
  const auto job = started(client, verb, client.bus.passing().ImportRootfs(verb.name, opened.give(), all));
  if (verb.detach) return detached(client, verb, job);
  auto result = finish_local(client, waiter, opened, job, verb.name);
  for (const auto& warning : opened.warnings()) client.out.say("sdmectl: " + printable(warning));
  return finish(client, verb, std::move(result));
}

CredentialSearch search_credentials(Client& client, const FsImport& verb, const SourceName& what) {
  if (!verb.creds.empty()) {
    return {.found = typed_credentials(client.loop, verb.creds, registry_name(what.reference->registry))};
  }
  if (!what.reference) return {};
  auto search = find_credentials(client.loop, *what.reference, auth_places(verb.authfile));
  for (const auto& warning : search.warnings) client.out.say("sdmectl: " + printable(warning));
  return search;
}

int pull(Client& client, const FsImport& verb, const SourceName& what) {
  const auto search = search_credentials(client, verb, what);
  auto all = options_of(verb);
  if (!verb.tag.empty()) all["tag"] = sdbus::Variant(verb.tag);
  if (verb.no_cache) all["use-cache"] = sdbus::Variant(false);
  if (search.found) all["credentials"] = sdbus::Variant(sealed(*search.found).give());
  JobWaiter waiter(client);
  const auto job = started(client, verb, client.bus.gated().PullRootfs(verb.name, what.place, all));
  all.clear();
  if (verb.detach) return detached(client, verb, job);
  try {
    return finish(client, verb, waiter.finish(job, "import", verb.name));
  } catch (Failure& failure) {
    // Polkit has said yes already. The registry wants a login, or this host's rules forbid it: those are no matter of
    // ours.
    const bool wants_login = failure.code == Errc::kAccessDenied && failure.message.contains("credentials");
    if (what.reference && wants_login) failure.hint = login_hint(what, search);
    throw;
  }
}

}  // namespace

int FsImport::run(Client& client) const {
  const auto what = read_source_name(source);
  check(*this, what);
  if (!what.note.empty()) client.out.say("sdmectl: " + printable(what.note));
  return what.is_remote() ? pull(client, *this, what) : import_local(client, *this, what);
}

}  // namespace sdme::client
