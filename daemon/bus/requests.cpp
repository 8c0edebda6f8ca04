// SPDX-License-Identifier: MIT
#include "bus/requests.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sdme::bus::requests {

namespace {

constexpr std::uint64_t kLongestTimeoutUsec = std::uint64_t{24} * 3600 * 1'000'000;

std::uint64_t usec(std::chrono::seconds time) { return static_cast<std::uint64_t>(time.count()) * 1'000'000; }

std::string container_claim(const std::string& name) { return "container/" + name; }

std::uint64_t timeout_usec(OptionReader& reader, std::chrono::seconds otherwise) {
  const auto asked = reader.take<std::uint64_t>("timeout-usec");
  if (asked && (*asked == 0 || *asked > kLongestTimeoutUsec)) {
    throw Error(Errc::kInvalidArgument, "option 'timeout-usec' must be between 1 and a day");
  }
  return asked.value_or(usec(otherwise));
}

std::string take_mode(OptionReader& reader) {
  return reader.take_word("mode", {"graceful", "terminate", "kill"}).value_or("graceful");
}

// What a stop waits in each step; a timeout that was asked for is that of its first one.
json::Value stop_request(const std::string& name, const std::string& mode, const store::Settings& settings,
                         std::optional<std::uint64_t> first_usec = std::nullopt) {
  json::Value request = {{"name", name},
                         {"mode", mode},
                         {"graceful_usec", usec(settings.stop_timeout_graceful)},
                         {"terminate_usec", usec(settings.stop_timeout_terminate)},
                         {"kill_usec", usec(settings.stop_timeout_kill)}};
  if (first_usec) request[mode + "_usec"] = *first_usec;
  return request;
}

job::Plan plan_for(const Caller& caller, const model::ContainerName& container, const std::string& kind) {
  return {.record = {.kind = kind,
                     .verb = kind,
                     .target = container.str(),
                     .owner = caller.uid,
                     .request = {{"name", container.str()}},
                     .claims = {{container_claim(container.str()), store::Claim::kExclusive}}},
          .fds = {}};
}

// What needs no more than the container's name.
job::Plan plan_plain(const Caller& caller, const model::ContainerRecord& container, const std::string& kind,
                     const Options& options) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container.name, kind);
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

}  // namespace

job::Plan create(const Caller& caller, const model::ContainerRecord& container, bool cancel_on_disconnect) {
  auto plan = plan_for(caller, container.name, "create");
  auto& record = plan.record;
  record.cancel_on_disconnect = cancel_on_disconnect;
  record.staging = true;
  record.request["caller"] = caller.uid;
  record.request["layers"] = container.layers;
  record.request["project"] = container.project();
  record.request["limits_disk"] = container.definition.limits.disk.has_value();
  record.request["definition"] = container.definition.to_json();
  record.commit = {{"container", container.to_text()}};
  record.pinned_layers = container.layers;
  if (const auto& pod = container.definition.pod(); !pod.empty())
    record.claims.push_back({pod_claim(pod), store::Claim::kShared});
  claim_volumes(plan, container.definition.binds);
  claim_ports(plan, {}, container.definition.ports);
  if (!container.rootfs.empty()) record.claims.push_back({rootfs_claim(container.rootfs), store::Claim::kShared});
  return plan;
}

void claim_ports(job::Plan& plan, const std::vector<model::Port>& had, const std::vector<model::Port>& ports) {
  for (const auto& port : ports) {
    if (std::ranges::contains(had, port)) continue;
    const auto socket = std::to_string(port.host) + "/" + std::string(port.protocol_word());
    plan.record.claims.push_back({"port/" + socket, store::Claim::kExclusive});
  }
}

job::Plan update(const Caller& caller, const model::ContainerRecord& now, const DefinitionRequest& wanted) {
  auto after = now;
  after.definition = wanted.definition;
  auto plan = plan_for(caller, now.name, "update");
  plan.record.request["caller"] = caller.uid;
  plan.record.request["before"] = now.definition.to_json();
  plan.record.request["definition"] = wanted.definition.to_json();
  plan.record.commit = {{"container", after.to_text()}};
  plan.record.request["limits_disk"] = after.definition.limits.disk != now.definition.limits.disk;
  claim_volumes(plan, wanted.definition.binds);
  claim_ports(plan, now.definition.ports, wanted.definition.ports);
  plan.record.cancel_on_disconnect = wanted.cancel_on_disconnect;
  return plan;
}

job::Plan start(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                const store::Settings& settings) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container.name, "start");
  plan.record.request["timeout_usec"] = timeout_usec(reader, settings.boot_timeout);
  // Only used when the boot fails or takes too long and has to be ended.
  plan.record.request["terminate_usec"] = usec(settings.stop_timeout_terminate);
  plan.record.request["kill_usec"] = usec(settings.stop_timeout_kill);
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan stop(const Caller& caller, const model::ContainerRecord& container, const Options& options,
               const store::Settings& settings) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container.name, "stop");
  const auto mode = take_mode(reader);
  const bool timed = options.contains("timeout-usec");
  const auto first = timeout_usec(reader, std::chrono::seconds(0));
  plan.record.request = stop_request(container.name.str(), mode, settings, timed ? std::optional(first) : std::nullopt);
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan restart(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                  const store::Settings& settings) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container.name, "restart");
  plan.record.request = stop_request(container.name.str(), take_mode(reader), settings);
  plan.record.request["timeout_usec"] = timeout_usec(reader, settings.boot_timeout);
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan enable(const Caller& caller, const model::ContainerRecord& container, const Options& options, bool enabled) {
  return plan_plain(caller, container, enabled ? "enable" : "disable", options);
}

job::Plan check_host(const Caller& caller, const Options& options) {
  OptionReader reader(options, "option");
  job::Plan plan = {.record = {.kind = "check", .verb = "check", .owner = caller.uid, .request = json::Value::object()},
                    .fds = {}};
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan pause(const Caller& caller, const model::ContainerRecord& container, const Options& options) {
  return plan_plain(caller, container, "pause", options);
}

job::Plan resume(const Caller& caller, const model::ContainerRecord& container, const Options& options) {
  return plan_plain(caller, container, "resume", options);
}

job::Plan rename(const Caller& caller, const model::ContainerRecord& container, const model::ContainerName& to,
                 const std::vector<model::ContainerRecord>& requiring, const Options& options) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container.name, "rename");
  auto& record = plan.record;
  record.request["new_name"] = to.str();
  record.request["enabled"] = container.enabled;
  record.commit["new_name"] = to.str();
  record.claims.push_back({container_claim(to.str()), store::Claim::kExclusive});
  auto drop_ins = json::Value::object();
  drop_ins[to.str()] = container.definition.to_json();
  for (auto other : requiring) {
    std::ranges::replace(other.definition.requirements, container.name.str(), to.str());
    drop_ins[other.name.str()] = other.definition.to_json();
    record.claims.push_back({container_claim(other.name.str()), store::Claim::kExclusive});
  }
  record.request["drop_ins"] = std::move(drop_ins);
  record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

job::Plan remove(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                 const store::Settings& settings) {
  auto plan = remove(caller, container.name, options, settings);
  plan.record.request["limits_disk"] = container.definition.limits.disk.has_value();
  return plan;
}

job::Plan remove(const Caller& caller, const model::ContainerName& container, const Options& options,
                 const store::Settings& settings) {
  OptionReader reader(options, "option");
  auto plan = plan_for(caller, container, "remove");
  plan.record.request["terminate_usec"] = usec(settings.stop_timeout_terminate);
  plan.record.request["kill_usec"] = usec(settings.stop_timeout_kill);
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

}  // namespace sdme::bus::requests
