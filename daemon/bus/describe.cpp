// SPDX-License-Identifier: MIT
#include "bus/describe.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "os/apparmor.hpp"
#include "store/layout.hpp"

namespace sdme::bus {

using sdbus::Variant;

namespace {

constexpr std::size_t kLongestFeature = 16 * 1024;  // a path is shown whole

// "" where somebody else gives it.
std::string address_of(const model::Network& network) {
  return network.address == 0 ? "" : model::to_text(network.address);
}

// A member of a pod has that of the pod.
std::string address_of(const model::Definition& definition, const store::Store& store) {
  const auto* pod =
      definition.network.mode == model::Network::Mode::kPod ? store.pods().find(definition.pod()) : nullptr;
  return address_of(pod == nullptr ? definition.network : pod->network);
}

template <typename T>
std::vector<std::string> texts_of(const std::vector<T>& items) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(item.str());
  return texts;
}

void add_limits(Description& to, const model::Limits& limits) {
  for (const auto& row : model::limit_rows()) {
    std::string key = row.key;
    std::ranges::replace(key, '_', '-');
    const auto value = limits.*row.member;
    if (!value) continue;
    to.emplace(key, key == "cpus" ? Variant{static_cast<double>(*value) / 1000} : Variant{*value});
  }
}

void add_security(Description& to, const model::Security& security) {
  to.insert({{"profile", Variant{security.profile}},
             {"capabilities", Variant{security.capabilities}},
             {"drop-capabilities", Variant{security.drop_capabilities}},
             {"no-new-privileges", Variant{security.no_new_privileges}},
             {"read-only", Variant{security.read_only}},
             {"system-call-filter", Variant{security.system_call_filter}},
             {"apparmor-profile", Variant{security.apparmor_profile}}});
  if (!security.apparmor_profile.empty()) to["apparmor-available"] = Variant{os::has_apparmor()};
}

}  // namespace

std::vector<std::string> reach_of(const model::ContainerRecord& record, const States& states,
                                  const store::Store& store) {
  auto features = record.definition.host_features();
  const auto& name = record.name.str();
  const auto state = states.state(name);
  if (state == "stopped" || state == "failed") return features;
  for (auto& feature : store.former_features(name)) {
    if (!std::ranges::contains(features, feature)) features.push_back(std::move(feature));
  }
  return features;
}

std::string told_reach(const std::vector<std::string>& reach, bool is_own) {
  std::vector<std::string> told;
  for (const auto& feature : reach) {
    auto shown = text::printable(is_own ? feature : feature.substr(0, feature.find(':')), kLongestFeature);
    if (!std::ranges::contains(told, shown)) told.push_back(std::move(shown));
  }
  return text::join(told, ", ");
}

Description public_of(const model::ContainerRecord& record, const States& states, const store::Store& store) {
  const auto& name = record.name.str();
  return {{"name", Variant{name}},
          {"state", Variant{states.state(name)}},
          {"health", Variant{states.health(record, store)}},
          {"os", Variant{record.os}},
          {"rootfs", Variant{record.rootfs}},
          {"owner", Variant{record.owner}},
          {"enabled", Variant{record.enabled}},
          {"userns", Variant{record.definition.userns}},
          {"network", Variant{record.definition.network.str()}},
          {"oci-pod", Variant{record.definition.oci_pod}},
          {"address", Variant{address_of(record.definition, store)}},
          {"ports", Variant{texts_of(record.definition.ports)}},
          {"host-clone", Variant{record.definition.host_clone}},
          {"privileged", Variant{!reach_of(record, states, store).empty()}},
          {"requires", Variant{record.definition.requirements}},
          {"protected", Variant{record.definition.is_protected}},
          {"ephemeral", Variant{record.definition.ephemeral}},
          {"created-usec", Variant{record.created_usec}}};
}

Description public_of(const model::RootfsRecord& record, const store::Store& store, const LayerUsers& users) {
  std::uint64_t shared = 0;
  std::uint64_t own = 0;
  for (std::size_t i = 0; i < record.layers.size(); ++i) {
    (users.at(record.layers[i]) > 1 ? shared : own) += record.layer_sizes[i];
  }
  return {{"name", Variant{record.name.str()}},
          {"os", Variant{record.os}},
          {"distro", Variant{record.distro}},
          {"size", Variant{record.size}},
          {"shared", Variant{shared}},
          {"own", Variant{own}},
          {"bootable", Variant{record.bootable}},
          {"containers", Variant{store.catalogue().users_of_rootfs(record.name.str())}},
          {"owner", Variant{record.owner}},
          {"created-usec", Variant{record.created_usec}}};
}

Description public_of(const model::PodRecord& pod, const store::Store& store) {
  return {{"name", Variant{pod.name.str()}},
          {"network", Variant{pod.network.str()}},
          {"address", Variant{address_of(pod.network)}},
          {"ports", Variant{texts_of(pod.ports)}},
          {"members", Variant{store::members_of_pod(store.catalogue(), pod.name.str())}},
          {"oci-members", Variant{store::oci_members_of_pod(store.catalogue(), pod.name.str())}},
          {"owner", Variant{pod.owner}},
          {"created-usec", Variant{pod.created_usec}}};
}

Description public_of(const model::VolumeRecord& record, const store::Store& store) {
  return {{"name", Variant{record.name.str()}},
          {"containers", Variant{store.catalogue().users_of_volume(record.name.str())}},
          {"owner", Variant{record.owner}},
          {"created-usec", Variant{record.created_usec}}};
}

Description public_of(const job::Job& job) {
  const auto& record = job.record;
  return {{"id", Variant{record.id}},
          {"kind", Variant{record.kind}},
          {"target", Variant{record.target}},
          {"state", Variant{std::string(word(record.state))}},
          {"phase", Variant{job.progress.phase}},
          {"progress", Variant{job.progress.fraction}},
          {"bytes-done", Variant{job.progress.bytes_done}},
          {"bytes-total", Variant{job.progress.bytes_total}},
          {"owner", Variant{record.owner}},
          {"created-usec", Variant{record.created_usec}},
          {"error", Variant{error_name(record)}}};
}

Description public_of(const store::Damaged& damaged) {
  return {{"name", Variant{damaged.name}},
          {"state", Variant{std::string("stopped")}},
          {"health", Variant{std::string(store::kUnreadableHealth)}},
          {"os", Variant{std::string()}},
          {"rootfs", Variant{std::string()}},
          {"owner", Variant{std::uint32_t{0}}},
          {"enabled", Variant{false}},
          {"userns", Variant{false}},
          {"network", Variant{std::string()}},
          {"oci-pod", Variant{std::string()}},
          {"address", Variant{std::string()}},
          {"ports", Variant{std::vector<std::string>{}}},
          {"host-clone", Variant{false}},
          {"privileged", Variant{true}},
          {"requires", Variant{std::vector<std::string>{}}},
          {"protected", Variant{false}},
          {"ephemeral", Variant{false}},
          {"created-usec", Variant{std::uint64_t{0}}}};
}

Description public_of(const store::BlobCache& cache) {
  const auto blobs = cache.list();
  std::uint64_t size = 0;
  for (const auto& blob : blobs) size += blob.size;
  return {{"directory", Variant{cache.layout_path()}},
          {"enabled", Variant{cache.enabled()}},
          {"blobs", Variant{std::uint64_t{blobs.size()}}},
          {"size", Variant{size}},
          {"max-size", Variant{cache.max_bytes()}}};
}

void add_private(Description& to, const model::ContainerRecord& record, const std::vector<std::string>& reach) {
  to.insert({{"uuid", Variant{record.uuid}},
             {"unit", Variant{layout::container_unit(record.name.str())}},
             {"layers", Variant{record.layers}},
             {"opaque-dirs", Variant{record.definition.opaque_dirs}},
             {"masked-services", Variant{record.definition.masked_services}},
             {"binds", Variant{texts_of(record.definition.binds)}},
             {"environment", Variant{record.definition.environment}},
             {"restart", Variant{std::string(word(record.definition.restart))}},
             {"features", Variant{reach}}});
  add_limits(to, record.definition.limits);
  add_security(to, record.definition.security);
}

void add_private(Description& to, const model::RootfsRecord& record) {
  to.insert({{"layers", Variant{record.layers}},
             {"layer-sizes", Variant{record.layer_sizes}},
             {"digest", Variant{record.digest}},
             {"platform", Variant{record.platform}},
             {"config", Variant{record.config}},
             {"missing", Variant{record.missing}},
             {"origin", Variant{record.origin}},
             {"entries", Variant{record.entries}},
             {"version-id", Variant{record.version_id}}});
}

Description from_json(const json::Value& result) {
  Description description;
  for (const auto& [key, value] : result.items()) {
    if (value.is_boolean()) {
      description.emplace(key, Variant{value.get<bool>()});
    } else if (value.is_number_unsigned()) {
      description.emplace(key, Variant{value.get<std::uint64_t>()});
    } else if (value.is_number_integer()) {
      description.emplace(key, Variant{value.get<std::int64_t>()});
    } else if (value.is_string()) {
      description.emplace(key, Variant{value.get<std::string>()});
    } else if (json::fits<std::vector<std::string>>(value)) {
      description.emplace(key, Variant{value.get<std::vector<std::string>>()});
    }
  }
  return description;
}

std::string error_name(const job::Record& record) {
  const bool bad = record.state == job::State::kFailed || record.state == job::State::kCancelled;
  return bad ? std::string(row(record.error).bus_name) : "";
}

}  // namespace sdme::bus
