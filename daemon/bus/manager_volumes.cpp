// SPDX-License-Identifier: MIT
#include "base/clock.hpp"
#include "base/text.hpp"
#include "bus/manager_object.hpp"
#include "store/agreement.hpp"

// The members that list, make and remove volumes.
namespace sdme::bus {

void ManagerObject::ListVolumes(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader reader(filter, "filter");
    const auto name = reader.take<std::string>("name");
    const auto owner = reader.take<std::uint32_t>("owner");
    reader.finish();
    return {context_.door.required("ListVolumes", who, {}, {}), [=, this](auto reply) {
              List list;
              const auto& catalogue = context_.store.catalogue();
              for (const auto& [known, record] : catalogue.volumes()) {
                if (admits(name, known) && admits(owner, record.owner))
                  list.push_back(public_of(record, context_.store));
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::CreateVolume(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const model::VolumeRecord made{
        .name = model::VolumeName::parse(name), .owner = who.uid, .created_usec = realtime_usec()};
    auto plan = requests::create_volume(who, made, options);
    context_.store.check_volume_free(made.name);
    auto checks = context_.door.required("CreateVolume", who, {}, {{"volume", name}, {"verb", "create"}});
    return {std::move(checks),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); }};
  });
}

// One whose record cannot be read can be removed too, as a container can.
void ManagerObject::RemoveVolume(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const auto valid = model::VolumeName::parse(name);
    auto plan = requests::remove_volume(who, valid, options);
    const auto& catalogue = context_.store.catalogue();
    const auto* found = catalogue.find_volume(valid.str());
    if (found == nullptr && catalogue.find_damaged(store::Kind::kVolume, valid.str()) == nullptr)
      throw Error(Errc::kNotFound, "there is no volume " + text::quoted(valid.str()));
    store::check_unused_volume(catalogue, valid.str());
    const auto owner = found == nullptr ? 0 : found->owner;
    plan.record.commit = {{"volume_created_usec", found == nullptr ? 0 : found->created_usec}};
    auto checks = context_.door.required("RemoveVolume", who, owner,
                                         {{"volume", name}, {"owner", std::to_string(owner)}, {"verb", "remove"}});
    return {std::move(checks),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); }};
  });
}

}  // namespace sdme::bus
