// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "bus/fd_check.hpp"
#include "bus/requests.hpp"

// ImportRootfs, PullRootfs and their neighbours.
namespace sdme::bus::requests {

namespace {

constexpr std::size_t kLongestOrigin = 4096;
constexpr std::size_t kLongestPlatform = 128;
constexpr std::size_t kLongestTag = 256;
constexpr std::string_view kRegistry = "docker://";
constexpr std::array<std::string_view, 3> kSchemes = {kRegistry, "http://", "https://"};

[[noreturn]] void refuse(const std::string& why) { throw Error(Errc::kInvalidArgument, why); }

std::string take_line(OptionReader& reader, const std::string& key, std::size_t longest) {
  auto value = reader.take<std::string>(key).value_or("");
  if (value.size() > longest) refuse("option '" + key + "' is longer than " + std::to_string(longest) + " bytes");
  return value;
}

// What the source means is for the worker that fetches to say: here it is only kept from being anything else.
void check_source(const std::string& source) {
  const auto plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  const bool known = std::ranges::any_of(kSchemes, [&](auto scheme) { return source.starts_with(scheme); });
  if (!known) refuse("argument 'source' must begin with docker://, http:// or https://, not " + text::quoted(source));
  if (source.size() > kLongestOrigin || !std::ranges::all_of(source, plain)) {
    refuse("argument 'source' must be at most 4096 printable ASCII characters without blanks");
  }
}

// Which image of an archive. An image of a registry has its tag in its name, where everybody sees it.
std::string take_tag(OptionReader& reader, const std::string& source) {
  auto tag = take_line(reader, "tag", kLongestTag);
  if (!tag.empty() && source.starts_with(kRegistry)) {
    refuse("option 'tag' is for archives behind a URL: of an image in a registry, it is a part of the name");
  }
  return tag;
}

json::Value network(const store::Settings& settings) {
  return {{"parallel", settings.fetch_parallel},
          {"retries", settings.fetch_retries},
          {"connect_timeout_sec", static_cast<std::uint64_t>(settings.fetch_connect_timeout.count())},
          {"low_speed_sec", static_cast<std::uint64_t>(settings.fetch_stall_timeout.count())},
          {"http_proxy", settings.http_proxy},
          {"https_proxy", settings.https_proxy},
          {"no_proxy", settings.no_proxy}};
}

// What both ways of importing have in common.
job::Plan plan_import(const Caller& caller, const std::string& name, OptionReader& reader,
                      const store::Settings& settings) {
  const auto rootfs = model::RootfsName::parse(name);
  const bool replace = reader.take<bool>("force").value_or(false);
  const auto install = reader.take_word("install-packages", {"auto", "yes", "no"}).value_or("auto");
  const auto platform = take_line(reader, "platform", kLongestPlatform);
  return {.record = {.kind = "import",
                     .verb = "import",
                     .target = rootfs.str(),
                     .owner = caller.uid,
                     .staging = true,
                     .request = {{"install", install},
                                 {"platform", platform},
                                 {"tag", ""},
                                 {"size_hint", std::uint64_t{0}},
                                 {"network", network(settings)},  // of package managers
                                 {"limits",
                                  {{"bytes", settings.import_max_bytes}, {"entries", settings.import_max_entries}}}},
                     .commit = {{"origin", ""}, {"replace", replace}},
                     .claims = {{rootfs_claim(rootfs.str()), store::Claim::kExclusive}}},
          .fds = {},
          .fetch_fds = {},
          .kept_fds = {}};
}

}  // namespace

std::string rootfs_claim(const std::string& name) { return "rootfs/" + name; }

job::Plan import_rootfs(const Caller& caller, const std::string& name, const sdbus::UnixFd& data,
                        const Options& options, const store::Settings& settings) {
  OptionReader reader(options, "option");
  auto plan = plan_import(caller, name, reader, settings);
  auto fd = take_data(data, "data");
  auto& record = plan.record;
  record.request["size_hint"] = reader.take<std::uint64_t>("size-hint").value_or(0);
  record.request["tag"] = take_line(reader, "tag", kLongestTag);
  record.commit["origin"] = text::printable(take_line(reader, "origin", kLongestOrigin), kLongestOrigin);
  record.cancel_on_disconnect = reader.take_cancels(is_pipe(fd));
  reader.finish();
  if (!is_pipe(fd)) plan.kept_fds.insert("data");  // a disk image is read by another worker
  plan.fds.emplace("data", std::move(fd));
  return plan;
}

job::Plan pull_rootfs(const Caller& caller, const std::string& name, const std::string& source, const Options& options,
                      const store::Settings& settings) {
  check_source(source);
  OptionReader reader(options, "option");
  auto plan = plan_import(caller, name, reader, settings);
  auto& record = plan.record;
  record.fetch = {{"source", source},
                  {"platform", record.request.at("platform")},
                  {"keep", reader.take<bool>("use-cache").value_or(true)},
                  {"limits", {{"bytes", settings.fetch_max_bytes}}},
                  {"network", network(settings)}};
  record.request["tag"] = take_tag(reader, source);
  record.commit["origin"] = source;
  if (const auto credentials = reader.take<sdbus::UnixFd>("credentials")) {
    plan.fetch_fds.emplace("credentials", take_data(*credentials, "credentials"));
  }
  record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan remove_rootfs(const Caller& caller, const model::RootfsName& name, const Options& options) {
  OptionReader reader(options, "option");
  const bool cancel = reader.take_cancels();
  reader.finish();
  return {.record = {.kind = "remove-rootfs",
                     .target = name.str(),
                     .owner = caller.uid,
                     .cancel_on_disconnect = cancel,
                     .claims = {{rootfs_claim(name.str()), store::Claim::kExclusive}}},
          .fds = {}};
}

job::Plan collect_garbage(const Caller& caller, const Options& options) {
  OptionReader reader(options, "option");
  const bool cancel = reader.take_cancels();
  reader.finish();
  return {.record = {.kind = "gc", .target = "store", .owner = caller.uid, .cancel_on_disconnect = cancel},
          .fds = {},
          .fetch_fds = {},
          .kept_fds = {}};
}

}  // namespace sdme::bus::requests
