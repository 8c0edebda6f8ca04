// SPDX-License-Identifier: MIT
#include "chronicle.hpp"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "names.hpp"

namespace sdme::client {

namespace {

std::string text(const Dict& dict, const std::string& key) { return value_of<std::string>(dict, key); }

// The last element of an object's path, as it was before it was encoded.
std::string name_in(const std::string& path, const char* parent) {
  char* name = nullptr;
  if (sd_bus_path_decode(path.c_str(), parent, &name) <= 0) return "";
  const std::unique_ptr<char, decltype(&std::free)> owned(name, &std::free);
  return name;
}

// "ErrorName" of a property is "error" of a list.
Dict as_listed(const Dict& properties) {
  Dict listed;
  for (const auto& [property, value] : properties) {
    std::string key = property;
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
    listed[key == "errorname" ? "error" : key] = value;
  }
  return listed;
}

// Of `from`, those that `of` has.
Dict some(const Dict& from, const std::vector<std::string>& keys) {
  Dict found;
  for (const auto& key : keys) {
    if (from.contains(key)) found[key] = from.at(key);
  }
  return found;
}

std::string state_event(const std::string& before, const std::string& now) {
  if (now == "running") return before == "paused" ? "resumed" : "started";
  return now;  // starting, stopping, stopped, failed, paused
}

std::string health_event(const std::string& health) {
  if (health == "ok") return "healthy";
  return health == "failed" ? "unhealthy" : health;
}

bool has_ended(const std::string& job_state) {
  return job_state == "done" || job_state == "failed" || job_state == "cancelled";
}

}  // namespace

void Chronicle::note_container(const std::string& name, const Dict& now, std::vector<Event>& to) {
  const bool is_new = !containers_.contains(name);
  auto& known = containers_[name];
  const auto before = known;
  for (const auto& [key, value] : now) known[key] = value;
  if (is_new) to.push_back({"container", name, "created", some(known, {"os", "rootfs", "owner"})});
  const auto state = text(known, "state");
  const auto was = is_new ? "stopped" : text(before, "state");
  if (state != was && !state.empty()) to.push_back({"container", name, state_event(was, state), {}});
  const auto health = text(known, "health");
  const bool told = state == "running" && health != "unknown" && !health.empty();
  if (told && (health != text(before, "health") || was == "starting"))
    to.push_back({"container", name, health_event(health), {}});
  const auto enabled = value_of<bool>(known, "enabled");
  if (!is_new && enabled != value_of<bool>(before, "enabled"))
    to.push_back({"container", name, enabled ? "enabled" : "disabled", {}});
}

void Chronicle::note_rootfs(const std::string& name, std::vector<Event>& to) {
  if (rootfs_.insert({name, {}}).second) to.push_back({"rootfs", name, "created", {}});
}

// A container that was changed announces nothing else: that its job is done does.
void Chronicle::note_job(const std::string& id, const Dict& now, std::vector<Event>& to) {
  const bool is_new = !jobs_.contains(id);
  auto& known = jobs_[id];
  const auto was = text(known, "state");
  for (const auto& [key, value] : now) known[key] = value;
  const auto details = some(known, {"kind", "target", "owner"});
  if (is_new) to.push_back({"job", id, "created", details});
  const auto state = text(known, "state");
  if (state == was || state.empty() || state == "queued") return;
  if (!has_ended(state)) {
    to.push_back({"job", id, state == "running" ? "started" : state, details});
    return;
  }
  const auto error = text(known, "error");
  auto end = details;
  if (!error.empty()) end["error"] = sdbus::Variant(error);
  to.push_back({"job", id, state, std::move(end)});
  if (state == "done" && text(known, "kind") == "update")
    to.push_back({"container", text(known, "target"), "changed", {}});
}

void Chronicle::note_gone(const std::string& type, const std::string& name, std::vector<Event>& to) {
  auto& known = type == "container" ? containers_ : rootfs_;
  if (known.erase(name) > 0) to.push_back({type, name, "removed", {}});
}

std::vector<Event> Chronicle::on_news(const ObjectNews& news) {
  std::vector<Event> events;
  const bool gone = news.what == ObjectNews::What::kRemoved;
  if (news.interface == names::kContainerInterface) {
    const auto name = name_in(news.path, names::kContainerPath);
    gone ? note_gone("container", name, events) : note_container(name, as_listed(news.properties), events);
  } else if (news.interface == names::kRootfsInterface) {
    const auto name = name_in(news.path, names::kRootfsPath);
    gone ? note_gone("rootfs", name, events) : note_rootfs(name, events);
  } else if (news.interface == names::kJobInterface) {
    const auto id = name_in(news.path, names::kJobPath);
    gone ? static_cast<void>(jobs_.erase(id)) : note_job(id, as_listed(news.properties), events);
  }
  return events;
}

std::vector<Event> Chronicle::on_lists(const std::vector<Dict>& containers, const std::vector<Dict>& rootfs,
                                       const std::vector<Dict>& jobs) {
  std::vector<Event> events;
  std::set<std::string> container_names;
  std::set<std::string> rootfs_names;
  for (const auto& one : containers) container_names.insert(text(one, "name"));
  for (const auto& one : rootfs) rootfs_names.insert(text(one, "name"));
  for (const auto& [name, known] : Known(containers_)) {
    if (!container_names.contains(name)) note_gone("container", name, events);
  }
  for (const auto& [name, known] : Known(rootfs_)) {
    if (!rootfs_names.contains(name)) note_gone("rootfs", name, events);
  }
  for (const auto& one : containers) note_container(text(one, "name"), one, events);
  for (const auto& name : rootfs_names) note_rootfs(name, events);
  for (const auto& one : jobs) note_job(std::to_string(value_of<std::uint64_t>(one, "id")), one, events);
  if (!std::exchange(begun_, true)) events.clear();
  return events;
}

}  // namespace sdme::client
