// SPDX-License-Identifier: MIT
#include "base/clock.hpp"
#include "base/text.hpp"
#include "bus/manager_object.hpp"
#include "bus/uuid.hpp"

// The members that make, change and remove pods.
namespace sdme::bus {

namespace {

Details details_of(const model::PodRecord& pod, const std::string& verb) {
  return {{"pod", pod.name.str()},
          {"owner", std::to_string(pod.owner)},
          {"verb", verb},
          {"features", text::join(pod.host_features(), ", ")}};
}

// What a change adds to what reaches the host.
void add_host_check(std::vector<Check>& checks, const model::PodRecord& before, const model::PodRecord& after,
                    const std::string& verb) {
  auto more = after.host_features();
  for (const auto& had : before.host_features()) std::erase(more, had);
  if (more.empty()) return;
  auto details = details_of(after, verb);
  details["features"] = text::join(more, ", ");
  checks.insert(checks.begin(), {"grant-host-access", details});
}

}  // namespace

const model::PodRecord& ManagerObject::pod(const std::string& name) const {
  const auto known = model::PodName::parse(name).str();
  if (const auto* found = context_.store.pods().find(known)) return *found;
  throw Error(Errc::kNotFound, "there is no pod " + text::quoted(name));
}

// Whoever is in a pod is on the loopback of all its members: so its owner decides, or whoever may change what is
// another's.
void ManagerObject::add_pod_check(std::vector<Check>& checks, const Caller& who, const std::string& name) const {
  if (name.empty()) return;
  const auto& joined = pod(name);
  if (joined.owner != who.uid) checks.push_back({"manage-containers", details_of(joined, "join")});
}

void ManagerObject::ListPods(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader reader(filter, "filter");
    const auto name = reader.take<std::string>("name");
    const auto owner = reader.take<std::uint32_t>("owner");
    reader.finish();
    return {context_.door.required("ListPods", who, {}, {}), [=, this](auto reply) {
              List list;
              for (const auto& [known, record] : context_.store.pods().all()) {
                if (admits(name, known) && admits(owner, record.owner))
                  list.push_back(public_of(record, context_.store));
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::CreatePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options definition) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto wanted = requests::new_pod(definition, {.name = model::PodName::parse(name),
                                                       .uuid = random_uuid(),
                                                       .owner = who.uid,
                                                       .created_usec = realtime_usec()});
    const auto check_new = [this, pod = wanted.pod] {
      if (context_.store.pods().find(pod.name.str()) != nullptr)
        throw Error(Errc::kAlreadyExists, "pod " + text::quoted(pod.name.str()) + " exists already");
      store::check_agreement(context_.store.everybody(), pod);
    };
    check_new();
    auto checks = context_.door.required("CreatePod", who, who.uid, details_of(wanted.pod, "create"));
    auto without = wanted.pod;
    without.ports.clear();
    add_host_check(checks, without, wanted.pod, "create");
    return {std::move(checks), [this, who, wanted, check_new](auto reply) {
              check_new();
              reply->send(submit(who, requests::create_pod(who, wanted)));
            }};
  });
}

void ManagerObject::UpdatePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options changes) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto now = pod(name);
    auto wanted = requests::changed_pod(changes, now);
    store::check_agreement(context_.store.everybody(), wanted.pod);
    auto checks = context_.door.required("UpdatePod", who, now.owner, details_of(wanted.pod, "update"));
    add_host_check(checks, now, wanted.pod, "update");
    return {std::move(checks), [this, who, now, wanted](auto reply) mutable {
              if (pod(now.name.str()).to_text() != now.to_text())
                throw Error(Errc::kBusy,
                            "pod " + text::quoted(now.name.str()) + " was changed in the meantime; try again");
              store::check_agreement(context_.store.everybody(), wanted.pod);
              // The worker attaches it by the address that the record then has.
              context_.store.give_address(wanted.pod);
              reply->send(submit(who, requests::update_pod(who, now, wanted)));
            }};
  });
}

void ManagerObject::RemovePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto now = pod(name);
    const auto check_unused = [this, name] {
      if (const auto members = store::members_of_pod(context_.store.catalogue(), name); !members.empty())
        throw Error(Errc::kInUse, "pod " + text::quoted(name) + " is used by " + text::join(members, ", "));
    };
    check_unused();
    auto plan = requests::remove_pod(who, now, options);
    return {context_.door.required("RemovePod", who, now.owner, details_of(now, "remove")),
            [this, who, check_unused, plan = std::move(plan)](auto reply) mutable {
              check_unused();
              reply->send(submit(who, std::move(plan)));
            }};
  });
}

}  // namespace sdme::bus
