// SPDX-License-Identifier: MIT
#include "job/commit.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "os/dir.hpp"
#include "store/agreement.hpp"
#include "store/layout.hpp"

namespace sdme::job {

namespace {

// A worker may say what it likes; a record must stay one that can be read again.
constexpr std::size_t kMostShown = 256;
constexpr std::size_t kLargestConfig = 4U << 20U;
constexpr std::size_t kMostLayers = 500;  // the kernel merges no more
constexpr std::size_t kRoomOfRecords = 256 * 1024;  // for what is beside the one that changes: who requires it, names

std::string shown(const json::Value& value, std::string_view key) {
  return text::printable(json::get_or<std::string>(value, key, ""));
}

// What was authorised was this container and this root filesystem, not whatever has its name by now: a result may be
// found again long after it was left. None has the uuid "" and the time 0.
void check_same(const Record& record, const store::Catalogue& catalogue) {
  if (record.commit.contains("uuid")) {
    const auto* now = catalogue.find_container(record.target);
    if ((now == nullptr ? "" : now->uuid) == json::get<std::string>(record.commit, "uuid")) return;
    throw Error(Errc::kNotFound, "container " + text::quoted(record.target) + " was removed in the meantime");
  }
  if (record.commit.contains("rootfs_created_usec")) {
    const auto* now = catalogue.find_rootfs(record.target);
    const auto authorised = json::get<std::uint64_t>(record.commit, "rootfs_created_usec");
    if ((now == nullptr ? 0 : now->created_usec) == authorised) return;
    throw Error(Errc::kBusy, "root filesystem " + text::quoted(record.target) + " was changed in the meantime");
  }
  if (record.commit.contains("volume_created_usec")) {
    const auto* now = catalogue.find_volume(record.target);
    const auto authorised = json::get<std::uint64_t>(record.commit, "volume_created_usec");
    if ((now == nullptr ? 0 : now->created_usec) == authorised) return;
    throw Error(Errc::kBusy, "volume " + text::quoted(record.target) + " was replaced in the meantime");
  }
}

struct Layers {
  std::vector<std::string> ids;  // top first
  std::vector<std::uint64_t> sizes;
};

// As the worker tells them: bottom first.
Layers layers_of(const json::Value& result) {
  Layers layers;
  const auto list = result.find("layers");
  if (list == result.end() || !list->is_array() || list->empty())
    throw Error(Errc::kCorrupt, "the worker named no layer");
  if (list->size() > kMostLayers) throw Error(Errc::kCorrupt, "the worker named more layers than can be stacked");
  for (const auto& layer : *list) {
    layers.ids.insert(layers.ids.begin(), json::get<std::string>(layer, "id"));
    layers.sizes.insert(layers.sizes.begin(), json::get<std::uint64_t>(layer, "size"));
    if (!model::is_layer_id(layers.ids.front())) throw Error(Errc::kCorrupt, "the worker named what is no layer");
  }
  return layers;
}

std::vector<std::string> shown_list(const json::Value& value, std::string_view key) {
  std::vector<std::string> shown;
  for (const auto& item : json::get_or<std::vector<std::string>>(value, key, {})) {
    if (shown.size() == kMostShown) break;
    shown.push_back(text::printable(item));
  }
  return shown;
}

// What a pull was asked for, or where the caller said that it is from.
std::string origin_of(const Record& record, const json::Value& result) {
  const auto asked = json::get<std::string>(record.commit, "origin");
  return asked.empty() ? shown(result, "reference") : asked;
}

std::string config_of(const json::Value& result) {
  auto config = json::get_or<std::string>(result, "config", "");
  if (config.size() > kLargestConfig) throw Error(Errc::kCorrupt, "the worker told too large a configuration");
  return config;
}

model::RootfsRecord rootfs_of(const Record& record, const json::Value& result) {
  auto layers = layers_of(result);
  return {.name = model::RootfsName::parse(record.target),
          .owner = record.owner,
          .created_usec = record.created_usec,
          .layers = std::move(layers.ids),
          .layer_sizes = std::move(layers.sizes),
          .digest = shown(result, "digest"),
          .origin = origin_of(record, result),
          .platform = shown(result, "platform"),
          .config = config_of(result),
          .missing = shown_list(result, "missing"),
          .os = shown(result, "os"),
          .distro = shown(result, "distro"),
          .version_id = shown(result, "version_id"),
          .size = json::get<std::uint64_t>(result, "size"),
          .entries = json::get<std::uint64_t>(result, "entries"),
          .bootable = json::get<bool>(result, "bootable")};
}

Committed commit_import(const Record& record, const json::Value& result, store::Store& store) {
  const auto rootfs = rootfs_of(record, result);
  for (const auto& layer : rootfs.layers | std::views::reverse) store.commit_layer(record.id, layer);
  store.commit_rootfs(rootfs, json::get<bool>(record.commit, "replace") ? store::Replace::kYes : store::Replace::kNo);
  return {.result = {{"name", record.target},
                     {"digest", rootfs.digest},
                     {"os", rootfs.os},
                     {"bootable", rootfs.bootable},
                     {"missing", rootfs.missing},
                     {"warning", shown(result, "warning")},
                     {"size", rootfs.size},
                     {"entries", rootfs.entries}},
          .touched = {.rootfs = record.target}};
}

model::Bind bind_of(const json::Value& value) {
  if (!value.is_object()) throw Error(Errc::kCorrupt, "the worker named what is no bind");
  return model::Bind::from_json(value);
}

// The binds as they were authorised, with what the worker found of their sources.
std::vector<model::Bind> found_binds(const json::Value& result, const std::vector<model::Bind>& authorised) {
  const auto list = result.find("binds");
  if (list == result.end() || !list->is_array()) throw Error(Errc::kCorrupt, "the worker looked at no bind");
  std::vector<model::Bind> found;
  for (const auto& value : *list) found.push_back(bind_of(value));
  if (!std::ranges::equal(found, authorised, {}, &model::Bind::str, &model::Bind::str))
    throw Error(Errc::kCorrupt, "the worker looked at other binds than those that were authorised");
  return found;
}

Committed commit_create(const Record& record, const json::Value& result, store::Store& store) {
  auto container =
      model::ContainerRecord::from_text(json::get<std::string>(record.commit, "container"), "the new container");
  container.definition.binds = found_binds(result, container.definition.binds);
  if (container.os.empty()) container.os = shown(result, "os");
  store.commit_container(record.id, container);
  return {.result = {{"name", record.target}}, .touched = {.container = record.target}};
}

// What was authorised is written: the worker has told the running guest.
Committed commit_update(const Record& record, const json::Value& result, store::Store& store) {
  auto container =
      model::ContainerRecord::from_text(json::get<std::string>(record.commit, "container"), "the changed container");
  container.definition.binds = found_binds(result, container.definition.binds);
  store.update_container(std::move(container));
  return {.result = {{"pending", shown_list(result, "pending")}}, .touched = {.container = record.target}};
}

model::PodRecord pod_of(const Record& record) {
  return model::PodRecord::from_text(json::get<std::string>(record.commit, "pod"), "the pod");
}

Committed commit_pod(const Record& record, store::Store& store) {
  if (record.kind == "remove-pod") {
    store.remove_pod(record.target);
  } else {
    store.put_pod(pod_of(record));
  }
  return {.result = {{"name", record.target}}, .touched = {.pod = record.target}};
}

Committed commit_enabled(const Record& record, bool enabled, store::Store& store) {
  const auto* found = store.catalogue().find_container(record.target);
  if (found == nullptr) throw Error(Errc::kNotFound, "container " + text::quoted(record.target) + " is gone");
  auto container = *found;
  container.enabled = enabled;
  store.update_container(container);
  return {.result = json::Value::object(), .touched = {.container = record.target}};
}

// Found again after the rename itself, the rest of it is done.
Committed commit_rename(const Record& record, store::Store& store) {
  const auto to = model::ContainerName::parse(json::get<std::string>(record.commit, "new_name"));
  const auto uuid = json::get<std::string>(record.commit, "uuid");
  const auto has_uuid = [&](const std::string& name) {
    const auto* found = store.catalogue().find_container(name);
    return found != nullptr && found->uuid == uuid;
  };
  if (has_uuid(to.str())) {
    store.finish_renames();
  } else if (has_uuid(record.target)) {
    store.rename_container(record.target, to);
  } else {
    throw Error(Errc::kNotFound, "container " + text::quoted(record.target) + " was removed in the meantime");
  }
  os::Dir::make(layout::runtime(layout::kHealth), 0700).remove(record.target + ".json");
  auto others = store::requiring(store.catalogue(), to.str());
  others.push_back(to.str());
  return {.result = {{"name", to.str()}}, .touched = {.container = record.target, .others = std::move(others)}};
}

Committed commit_remove(const Record& record, store::Store& store) {
  store.trash_container(record.target);
  os::Dir::make(layout::runtime(layout::kHealth), 0700).remove(record.target + ".json");
  return {.result = json::Value::object(), .touched = {.container = record.target}};
}

// What the guest said at its boot, kept while the machine runs: see bus/states.
void keep_health(const std::string& container, const std::string& said) {
  try {
    const auto health = os::Dir::make(layout::runtime(layout::kHealth), 0700);
    health.write(container + ".json", json::Value{{"health", said}}.dump(), 0600);
  } catch (const Error& error) {
    log::warning("the health of container '" + container + "' could not be kept: " + error.message());
  }
}

// Of these, those that are told of.
std::vector<std::string> keep_healths(std::vector<std::string> names, const json::Value& told) {
  std::erase_if(names, [&](const std::string& name) { return !told.contains(name); });
  for (const auto& name : names) keep_health(name, shown(told, name));
  return names;
}

Committed commit_health(const Record& record, const json::Value& result) {
  auto names = keep_healths(json::get<std::vector<std::string>>(record.commit, "names"), result.at("health"));
  return {.result = json::Value::object(), .touched = {.others = std::move(names)}};
}

Committed commit_start(const Record& record, const json::Value& result) {
  const auto said = shown(result, "health");
  keep_health(record.target, said);
  auto required = keep_healths(json::get_or<std::vector<std::string>>(record.request, "required", {}),
                               result.value("required", json::Value::object()));
  return {.result = {{"state", shown(result, "state")},
                     {"health", said},
                     {"failed-units", shown_list(result, "failed_units")}},
          .touched = {.container = record.target, .others = std::move(required)}};
}

}  // namespace

Committed commit(const Record& record, const json::Value& result, store::Store& store) {
  if (record.kind == "rename") return commit_rename(record, store);
  check_same(record, store.catalogue());
  if (record.kind == "import") return commit_import(record, result, store);
  if (record.kind == "create") return commit_create(record, result, store);
  if (record.kind == "update") return commit_update(record, result, store);
  if (record.kind == "enable") return commit_enabled(record, true, store);
  if (record.kind == "disable") return commit_enabled(record, false, store);
  if (record.kind == "remove") return commit_remove(record, store);
  if (record.kind == "start" || record.kind == "restart") return commit_start(record, result);
  if (record.kind == "health") return commit_health(record, result);
  if (record.kind == "pause" || record.kind == "resume") {
    return {.result = {{"state", shown(result, "state")}}, .touched = {.container = record.target}};
  }
  if (record.kind == "stop") {
    return {.result = {{"state", shown(result, "state")}, {"by", shown(result, "by")}},
            .touched = {.container = record.target}};
  }
  if (record.kind == "remove-rootfs") {
    store.trash_rootfs(record.target);
    return {.result = json::Value::object(), .touched = {.rootfs = record.target}};
  }
  if (record.kind.ends_with("-pod")) return commit_pod(record, store);
  if (record.kind == "create-volume") {
    store.make_volume(
        model::VolumeRecord::from_text(json::get<std::string>(record.commit, "volume"), "the new volume"));
    return {.result = {{"name", record.target}}, .touched = {}};
  }
  if (record.kind == "remove-volume") {
    store.trash_volume(record.target);
    return {.result = json::Value::object(), .touched = {}};
  }
  if (record.kind == "check")
    return {.result = {{"forward-drops", shown_list(result, "forward_drops")},
                       {"input-drops", shown_list(result, "input_drops")},
                       {"lost-rules", shown_list(result, "lost_rules")}},
            .touched = {}};
  if (record.kind == "gc") return {.result = result, .touched = {}};
  if (record.session) {
    return {.result = {{"status", json::get<std::int32_t>(result, "status")},
                       {"signal", json::get<std::int32_t>(result, "signal")}},
            .touched = {}};
  }
  return {.result = json::Value::object(), .touched = {}};
}

void expect(const Record& record, store::Store& store) {
  if (record.kind == "update-pod") store.expect_pod(pod_of(record));
}

void expect_no_more(const Record& record, store::Store& store) {
  if (record.kind == "update-pod") store.expect_pod_no_more(record.target);
}

os::UniqueFd expected_room(const Record& record, const store::Store& store) {
  constexpr std::array kFirstElsewhere = {"update", "rename", "enable", "disable", "update-pod"};
  if (!std::ranges::contains(kFirstElsewhere, record.kind)) return {};
  return store.reserve(kRoomOfRecords + record.commit.dump().size());
}

}  // namespace sdme::job
