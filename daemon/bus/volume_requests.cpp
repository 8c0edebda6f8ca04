// SPDX-License-Identifier: MIT
#include <set>

#include "bus/requests.hpp"

// CreateVolume and RemoveVolume.
namespace sdme::bus::requests {

namespace {

// Work of the daemon alone.
job::Plan plan_for(const Caller& caller, const std::string& kind, const model::VolumeName& name,
                   const Options& options) {
  OptionReader reader(options, "option");
  const bool cancel = reader.take_cancels();
  reader.finish();
  return {.record = {.kind = kind,
                     .target = name.str(),
                     .owner = caller.uid,
                     .cancel_on_disconnect = cancel,
                     .claims = {{volume_claim(name.str()), store::Claim::kExclusive}}},
          .fds = {},
          .fetch_fds = {},
          .kept_fds = {}};
}

}  // namespace

std::string volume_claim(const std::string& name) { return "volume/" + name; }

job::Plan create_volume(const Caller& caller, const model::VolumeRecord& volume, const Options& options) {
  auto plan = plan_for(caller, "create-volume", volume.name, options);
  plan.record.commit = {{"volume", volume.to_text()}};
  return plan;
}

job::Plan remove_volume(const Caller& caller, const model::VolumeName& name, const Options& options) {
  return plan_for(caller, "remove-volume", name, options);
}

void claim_volumes(job::Plan& plan, const std::vector<model::Bind>& binds) {
  std::set<std::string> names;
  for (const auto& bind : binds) {
    if (bind.is_volume()) names.insert(bind.source);
  }
  for (const auto& name : names) plan.record.claims.push_back({volume_claim(name), store::Claim::kShared});
}

}  // namespace sdme::bus::requests
