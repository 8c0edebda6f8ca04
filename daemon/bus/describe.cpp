// SPDX-License-Identifier: MIT
#include "bus/describe.hpp"

#include "store/layout.hpp"

namespace sdme::bus {

using sdbus::Variant;

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
          {"private-network", Variant{record.definition.private_network}},
          {"host-clone", Variant{record.definition.host_clone}},
          {"privileged", Variant{record.definition.privileged()}},
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
          {"private-network", Variant{false}},
          {"host-clone", Variant{false}},
          {"privileged", Variant{true}},
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

void add_private(Description& to, const model::ContainerRecord& record) {
  to.insert({{"uuid", Variant{record.uuid}},
             {"unit", Variant{layout::container_unit(record.name.str())}},
             {"layers", Variant{record.layers}},
             {"opaque-dirs", Variant{record.definition.opaque_dirs}},
             {"masked-services", Variant{record.definition.masked_services}},
             {"features", Variant{record.definition.host_features()}}});
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
