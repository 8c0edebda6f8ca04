// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "bus/manager_object.hpp"
#include "bus/uuid.hpp"
#include "nspawn/command.hpp"
#include "store/agreement.hpp"
#include "store/denied_paths.hpp"
#include "store/generated_name.hpp"
#include "store/layout.hpp"

// The members that make, change and remove containers and root filesystems.
namespace sdme::bus {

namespace {

using Features = std::vector<std::string>;

Details details_of(const model::ContainerRecord& record, const std::string& verb, const Features& reach) {
  return {{"container", record.name.str()},
          {"owner", std::to_string(record.owner)},
          {"verb", verb},
          {"privileged", reach.empty() ? "no" : "yes"},
          {"features", told_reach(reach, true)}};
}

// What has to be granted: what reaches the host, and volumes of others than whom it belongs to and who asks.
Features features_of(const model::ContainerRecord& record, const store::Catalogue& catalogue, const Caller& who) {
  auto features = record.definition.host_features();
  std::ranges::move(store::foreign_volumes(catalogue, record, who.uid), std::back_inserter(features));
  return features;
}

Features without(Features features, const Features& others) {
  std::erase_if(features, [&](const std::string& feature) { return std::ranges::contains(others, feature); });
  return features;
}

// Before anybody is asked: nobody but root can have these.
void check_sources(const model::Definition& before, const model::Definition& after, const Caller& who) {
  for (const auto& bind : after.binds) {
    const bool had = std::ranges::contains(before.binds, bind.str(), &model::Bind::str);
    if (!had && !bind.is_volume()) store::check_bind_source(bind.source, who.uid);
  }
}

// Who is being removed requires nothing any more.
std::vector<std::string> requiring(const store::Catalogue& catalogue, const job::Table& jobs, const std::string& name) {
  auto names = store::requiring(catalogue, name);
  for (const auto& [id, job] : jobs.all()) {
    if (job->record.kind == "remove" && !job::ended(job->record.state)) std::erase(names, job->record.target);
  }
  return names;
}

void check_removable(const store::Catalogue& catalogue, const job::Table& jobs, const model::ContainerRecord& record) {
  const auto& name = record.name.str();
  if (record.definition.is_protected) {
    throw Error(Errc::kInUse, "container " + text::quoted(name) +
                                  " is protected from removal; 'sdmectl set --no-protected " + name +
                                  "' takes that back");
  }
  if (const auto others = requiring(catalogue, jobs, name); !others.empty())
    throw Error(Errc::kInUse, "container " + text::quoted(name) + " is required by " + text::join(others, ", "));
}

}  // namespace

// A container that reaches the host is managed under an action of its own.
std::vector<Check> ManagerObject::container_checks(std::string_view member, const Caller& caller,
                                                   const model::ContainerRecord& record,
                                                   const std::string& verb) const {
  const auto reach = reach_of(record, context_.states, context_.store);
  auto checks = context_.door.required(member, caller, record.owner, details_of(record, verb, reach));
  for (auto& check : checks) {
    check.told = told_reach(reach, record.owner == caller.uid);
    if (check.action == "manage-containers" && !reach.empty()) check.action = "manage-privileged-containers";
  }
  return checks;
}

// Who may start a container is not thereby one who may start another that reaches the host, or is another's.
std::vector<Check> ManagerObject::required_checks(std::string_view member, const Caller& caller,
                                                  const model::ContainerRecord& record, const std::string& verb,
                                                  const std::vector<const model::ContainerRecord*>& known) const {
  std::vector<Check> checks;
  for (const auto* other : store::required_by(context_.store.catalogue(), record)) {
    const bool asked = other->definition.privileged() || other->owner != record.owner;
    if (asked && !std::ranges::contains(known, other))
      std::ranges::move(container_checks(member, caller, *other, verb), std::back_inserter(checks));
  }
  return checks;
}

void ManagerObject::add_required(job::Plan& plan, const model::ContainerRecord& record) const {
  auto drop_ins = json::Value::object();
  std::vector<std::string> names;
  for (const auto* other : store::required_by(context_.store.catalogue(), record)) {
    names.push_back(other->name.str());
    if (other->definition.has_drop_in()) drop_ins[other->name.str()] = other->definition.to_json();
  }
  if (record.definition.has_drop_in()) drop_ins[record.name.str()] = record.definition.to_json();
  if (drop_ins.empty()) return;
  plan.record.request["drop_ins"] = std::move(drop_ins);
  plan.record.request["required"] = std::move(names);
}

void ManagerObject::container_job(sdbus::Result<std::uint64_t>&& result, std::string_view member,
                                  const std::string& verb, const std::string& name, const MakePlan& make) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto record = container(name);
    auto plan = make(who, record);
    plan.record.commit["uuid"] = record.uuid;
    const bool starts = verb == "start" || verb == "restart" || verb == "enable";
    if (starts) add_required(plan, record);
    const auto checks = [this, who, record, member, verb, starts] {
      check_unchanged(record);
      auto needed = container_checks(member, who, record, verb);
      if (starts) std::ranges::move(required_checks(member, who, record, verb), std::back_inserter(needed));
      return needed;
    };
    return {checks(),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); },
            checks};
  });
}

void ManagerObject::StartContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "StartContainer", "start", name, [&](const Caller& who, const auto& record) {
    auto plan = requests::start(who, record, options, context_.settings);
    const auto state = context_.states.state(record.name.str());
    const bool is_down = state == "stopped" || state == "failed";
    // What can begin at once, see job/table: no worker has to write a drop-in first.
    plan.record.request["begun"] = is_down && !record.definition.has_drop_in();
    return plan;
  });
}

void ManagerObject::StopContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "StopContainer", "stop", name, [&](const Caller& who, const auto& record) {
    return requests::stop(who, record, options, context_.settings);
  });
}

void ManagerObject::RestartContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "RestartContainer", "restart", name, [&](const Caller& who, const auto& record) {
    return requests::restart(who, record, options, context_.settings);
  });
}

void ManagerObject::EnableContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "EnableContainer", "enable", name,
                [&](const Caller& who, const auto& record) { return requests::enable(who, record, options, true); });
}

void ManagerObject::DisableContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "DisableContainer", "disable", name,
                [&](const Caller& who, const auto& record) { return requests::enable(who, record, options, false); });
}

// One whose record cannot be read can be removed too: by whom polkit allows, since it has no owner.
void ManagerObject::RemoveContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  const auto* damaged = context_.store.catalogue().find_damaged(store::Kind::kContainer, name);
  if (damaged == nullptr) {
    return container_job(std::move(result), "RemoveContainer", "remove", name,
                         [&](const Caller& who, const auto& record) {
                           check_removable(context_.store.catalogue(), context_.jobs, record);
                           return requests::remove(who, record, options, context_.settings);
                         });
  }
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    auto plan = requests::remove(who, model::ContainerName::parse(name), options, context_.settings);
    plan.record.commit["uuid"] = "";
    return {context_.door.required("RemoveContainer", who, {}, {{"container", name}, {"verb", "remove"}}),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); }};
  });
}

void ManagerObject::PauseContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "PauseContainer", "pause", name,
                [&](const Caller& who, const auto& record) { return requests::pause(who, record, options); });
}

void ManagerObject::ResumeContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  container_job(std::move(result), "ResumeContainer", "resume", name,
                [&](const Caller& who, const auto& record) { return requests::resume(who, record, options); });
}

// Those that require it get a record that says the new name: they are held meanwhile, as both names are.
void ManagerObject::RenameContainer(sdbus::Result<std::uint64_t>&& result, std::string name, std::string new_name,
                                    Options options) {
  container_job(std::move(result), "RenameContainer", "rename", name, [&](const Caller& who, const auto& record) {
    const auto to = model::ContainerName::parse(new_name);
    const auto& catalogue = context_.store.catalogue();
    if (to.str() == name) throw Error(Errc::kInvalidArgument, "that is its name already");
    context_.store.check_name_free(to);
    auto renamed = record;
    renamed.name = to;
    store::check_name_in_zone(context_.store.everybody(), renamed);
    std::vector<model::ContainerRecord> others;
    for (const auto& other : store::requiring(catalogue, name)) others.push_back(*catalogue.find_container(other));
    auto plan = requests::rename(who, record, to, others, options);
    const auto state = context_.states.state(name);
    if (state == "stopped" || state == "failed") return plan;
    throw Error(Errc::kBusy, "container " + text::quoted(name) + " is " + state +
                                 ", and only one that is stopped gets another name: 'sdmectl stop " + name +
                                 "' stops it");
  });
}

void ManagerObject::CreateContainer(sdbus::Result<std::uint64_t, std::string>&& result, std::string name,
                                    std::string rootfs_name, Options definition) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t, std::string> {
    const auto is_free = [this](const model::ContainerName& word) { return context_.store.name_is_free(word); };
    const auto chosen = name.empty() ? store::generate_name(is_free) : model::ContainerName::parse(name);
    model::ContainerRecord made{
        .name = chosen, .owner = who.uid, .created_usec = realtime_usec(), .rootfs = rootfs_name};
    made.uuid = store::unused_uuid(context_.store.catalogue(), random_uuid);
    const auto wanted = requests::new_definition(definition, rootfs_name.empty(), context_.settings);
    made.definition = wanted.definition;
    if (!rootfs_name.empty()) {
      const auto& from = rootfs(rootfs_name);
      made.layers = from.layers;
      made.os = from.os;
    }
    context_.store.check_name_free(chosen);
    store::check_agreement(context_.store.everybody(), made);
    check_sources({}, made.definition, who);
    const auto checks = [this, who, made] { return creating_checks(who, made); };
    return {checks(),
            [this, who, made, cancel = wanted.cancel_on_disconnect](auto reply) {
              context_.store.check_name_free(made.name);
              store::check_agreement(context_.store.everybody(), made);
              if (!made.rootfs.empty() && rootfs(made.rootfs).layers != made.layers) {
                throw Error(Errc::kBusy, "root filesystem " + text::quoted(made.rootfs) +
                                             " was replaced in the meantime; try again");
              }
              reply->send(submit(who, requests::create(who, made, cancel)), made.name.str());
            },
            checks};
  });
}

std::vector<Check> ManagerObject::creating_checks(const Caller& who, const model::ContainerRecord& made) const {
  const auto features = features_of(made, context_.store.catalogue(), who);
  auto details = details_of(made, "create", made.definition.host_features());
  details["rootfs"] = made.rootfs.empty() ? "the running host" : made.rootfs;
  std::vector<Check> checks;
  if (!features.empty()) {
    auto grant = details;
    grant["features"] = told_reach(features, true);
    checks.push_back({"grant-host-access", grant});
  }
  checks.push_back({"create-container", details});
  add_pod_check(checks, who, made.definition.pod());
  return checks;
}

// Asks for what the change adds to what reaches the host, and as for any change of a container that does or did; and
// for what else would follow from it: that others are started with it, that it goes when it has stopped.
std::vector<Check> ManagerObject::updating_checks(const Caller& who, const model::ContainerRecord& now,
                                                  const model::ContainerRecord& after) const {
  const auto& catalogue = context_.store.catalogue();
  const auto more = without(features_of(after, catalogue, who), features_of(now, catalogue, who));
  std::vector<Check> checks;
  if (!more.empty()) checks.push_back({"grant-host-access", details_of(after, "update", more)});
  const bool did = !reach_of(now, context_.states, context_.store).empty();
  std::ranges::move(container_checks("UpdateContainer", who, did ? now : after, "update"), std::back_inserter(checks));
  std::ranges::move(required_checks("StartContainer", who, after, "start", store::required_by(catalogue, now)),
                    std::back_inserter(checks));
  if (after.definition.ephemeral && !now.definition.ephemeral)
    std::ranges::move(container_checks("RemoveContainer", who, after, "remove"), std::back_inserter(checks));
  if (after.definition.pod() != now.definition.pod()) add_pod_check(checks, who, after.definition.pod());
  return checks;
}

void ManagerObject::UpdateContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options changes) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto now = container(name);
    auto plan = requests::update(who, now, requests::changed_definition(changes, now.definition));
    plan.record.commit["uuid"] = now.uuid;
    auto after = now;
    after.definition = model::Definition::from_json(plan.record.request.at("definition"));
    store::check_agreement(context_.store.everybody(), after);
    check_sources(now.definition, after.definition, who);
    const auto checks = [this, who, now, after] {
      check_unchanged(now);
      return updating_checks(who, now, after);
    };
    return {checks(),
            [this, who, after, plan = std::move(plan)](auto reply) mutable {
              store::check_agreement(context_.store.everybody(), after);
              reply->send(submit(who, std::move(plan)));
            },
            checks};
  });
}

void ManagerObject::InspectContainer(sdbus::Result<Description>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<Description> {
    OptionReader reader(options, "option");
    const bool effective = reader.take<bool>("effective").value_or(false);
    reader.finish();
    const auto record = container(name);
    return {container_checks("InspectContainer", who, record, "inspect"), [this, record, effective](auto reply) {
              check_still(record);
              auto description = public_of(record, context_.states, context_.store);
              add_private(description, record, reach_of(record, context_.states, context_.store));
              if (effective) {
                const nspawn::Start next = {.directory = layout::runtime(layout::kInitRoot)};
                description["command"] = sdbus::Variant{nspawn::command_of(record, next)};
              }
              const auto unit = layout::container_unit(record.name.str());
              context_.units.inspect(unit, [reply, description](const systemd::UnitDetail& detail) mutable {
                description["invocation"] = sdbus::Variant{detail.invocation};
                description["main-pid"] = sdbus::Variant{detail.main_pid};
                reply->send(description);
              });
            }};
  });
}

}  // namespace sdme::bus
