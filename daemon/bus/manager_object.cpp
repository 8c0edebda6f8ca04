// SPDX-License-Identifier: MIT
#include "bus/manager_object.hpp"

#include <systemd/sd-bus.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "names.hpp"
#include "version.hpp"

// What the members share; and the members that list, inspect, wait and cancel.
namespace sdme::bus {

namespace {

// sdbus-c++ has no accessor for the interactive flag. Its message is a protected member, and a
// derived class may name it: standard C++, and a compile error should it ever change.
struct Peek : sdbus::Message {
  static bool interactive(const sdbus::Message& message) {
    auto* raw = static_cast<sd_bus_message*>(message.*(&Peek::msg_));
    return sd_bus_message_get_allow_interactive_authorization(raw) > 0;
  }
};

}  // namespace

ManagerObject::ManagerObject(sdbus::IConnection& connection, Context& context, std::optional<Caller> peer)
    : AdaptorInterfaces(connection, sdbus::ObjectPath{names::kManagerPath}), context_(context), peer_(std::move(peer)) {
  registerAdaptor();
}

ManagerObject::~ManagerObject() { unregisterAdaptor(); }

Caller ManagerObject::caller() const {
  context_.last_call_usec = monotonic_usec();
  const auto message = getObject().getCurrentlyProcessedMessage();
  if (peer_) {
    auto who = *peer_;
    who.interactive = Peek::interactive(message);
    return who;
  }
  // The effective uid is what the bus daemon recorded at connect time; sd-bus takes the other
  // credentials from /proc, where a caller can have changed them.
  try {
    return {.uid = message.getCredsEuid(),
            .id = message.getSender(),
            .pidfd = nullptr,
            .interactive = Peek::interactive(message)};
  } catch (const sdbus::Error&) {
    throw Error(Errc::kAccessDenied, "the bus does not say who asks");
  }
}

const model::ContainerRecord& ManagerObject::container(const std::string& name) const {
  const auto valid = model::ContainerName::parse(name);
  const auto* found = context_.store.catalogue().find_container(valid.str());
  if (found != nullptr) return *found;
  if (context_.store.catalogue().find_damaged(store::Kind::kContainer, name) != nullptr) {
    throw Error(Errc::kCorrupt,
                "the record of container " + text::quoted(name) + " cannot be read; remove the container");
  }
  throw Error(Errc::kNotFound, "there is no container " + text::quoted(name));
}

const model::RootfsRecord& ManagerObject::rootfs(const std::string& name) const {
  const auto valid = model::RootfsName::parse(name);
  const auto* found = context_.store.catalogue().find_rootfs(valid.str());
  if (found == nullptr) throw Error(Errc::kNotFound, "there is no root filesystem " + text::quoted(name));
  return *found;
}

job::Job& ManagerObject::job(std::uint64_t id, bool session) const {
  auto* found = context_.jobs.find(id);
  if (found == nullptr || found->record.session != session) {
    throw Error(Errc::kNotFound, std::string("there is no ") + (session ? "session " : "job ") + std::to_string(id));
  }
  return *found;
}

void ManagerObject::check_still(const model::ContainerRecord& record) const {
  const auto* now = context_.store.catalogue().find_container(record.name.str());
  if (now == nullptr || now->uuid != record.uuid) {
    throw Error(Errc::kNotFound, "container " + text::quoted(record.name.str()) + " was removed in the meantime");
  }
}

void ManagerObject::check_unchanged(const model::ContainerRecord& record) const {
  check_still(record);
  const auto& name = record.name.str();
  if (context_.store.catalogue().find_container(name)->definition.to_json() == record.definition.to_json()) return;
  throw Error(Errc::kBusy, "container " + text::quoted(name) + " was changed in the meantime; try again");
}

std::uint64_t ManagerObject::submit(const Caller& caller, job::Plan plan) {
  const bool tied = plan.record.cancel_on_disconnect;
  const auto id = context_.jobs.submit(std::move(plan));
  if (tied) context_.tie(caller, id);
  return id;
}

void ManagerObject::ListContainers(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader reader(filter, "filter");
    const auto name = reader.take<std::string>("name");
    const auto owner = reader.take<std::uint32_t>("owner");
    const auto state = reader.take<std::string>("state");
    reader.finish();
    return {context_.door.required("ListContainers", who, {}, {}), [=, this](auto reply) {
              List list;
              for (const auto& [known, record] : context_.store.catalogue().containers()) {
                if (!admits(name, known) || !admits(owner, record.owner)) continue;
                if (!admits(state, context_.states.state(known))) continue;
                list.push_back(public_of(record, context_.states, context_.store));
              }
              for (const auto& damaged : context_.store.catalogue().damaged()) {
                const bool wanted = admits(name, damaged.name) && admits(owner, std::uint32_t{0}) && !state;
                if (damaged.kind == store::Kind::kContainer && wanted) list.push_back(public_of(damaged));
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::ListJobs(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader reader(filter, "filter");
    const auto owner = reader.take<std::uint32_t>("owner");
    const auto state = reader.take<std::string>("state");
    const auto kind = reader.take<std::string>("kind");
    reader.finish();
    return {context_.door.required("ListJobs", who, {}, {}), [=, this](auto reply) {
              List list;
              for (const auto& [id, job] : context_.jobs.all()) {
                const auto& record = job->record;
                if (!record.listed() || !admits(owner, record.owner) || !admits(kind, record.kind)) continue;
                if (admits(state, std::string(word(record.state)))) list.push_back(public_of(*job));
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::WaitJob(sdbus::Result<std::string, std::string, std::string, Description>&& result,
                            std::uint64_t id) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::string, std::string, std::string, Description> {
    const auto& record = job(id, false).record;
    auto checks = context_.door.required("WaitJob", who, record.owner,
                                         {{"job", std::to_string(id)}, {"kind", record.kind}, {"verb", "wait for"}});
    return {std::move(checks), [this, id](auto reply) {
              context_.jobs.when_ended(job(id, false), [reply](const job::Job& ended) {
                const auto& now = ended.record;
                reply->send(std::string(word(now.state)), error_name(now), now.message, from_json(now.result));
              });
            }};
  });
}

void ManagerObject::CancelJob(sdbus::Result<>&& result, std::uint64_t id, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<> {
    OptionReader(options, "option").finish();
    const auto& record = job(id, false).record;
    auto checks = context_.door.required("CancelJob", who, record.owner,
                                         {{"job", std::to_string(id)}, {"kind", record.kind}, {"verb", "cancel"}});
    return {std::move(checks), [this, id](auto reply) {
              context_.jobs.cancel(id);
              reply->send();
            }};
  });
}

std::string ManagerObject::Version() { return kVersion; }

std::vector<std::string> ManagerObject::Features() { return {"idmapped-layers", "host-clone", "peer-socket"}; }

}  // namespace sdme::bus
