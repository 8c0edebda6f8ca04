// SPDX-License-Identifier: MIT
#include "store/catalogue.hpp"

#include <algorithm>

namespace sdme::store {

namespace {

template <typename Record>
const Record* find(const std::map<std::string, Record>& records, const std::string& name) {
  const auto found = records.find(name);
  return found == records.end() ? nullptr : &found->second;
}

}  // namespace

const model::ContainerRecord* Catalogue::find_container(const std::string& name) const {
  return find(containers_, name);
}

const model::RootfsRecord* Catalogue::find_rootfs(const std::string& name) const { return find(rootfs_, name); }

const model::VolumeRecord* Catalogue::find_volume(const std::string& name) const { return find(volumes_, name); }

const Damaged* Catalogue::find_damaged(Kind kind, const std::string& name) const {
  const auto found = std::ranges::find_if(
      damaged_, [&](const Damaged& damaged) { return damaged.kind == kind && damaged.name == name; });
  return found == damaged_.end() ? nullptr : &*found;
}

std::vector<std::string> Catalogue::users_of_rootfs(const std::string& name) const {
  std::vector<std::string> users;
  for (const auto& [container, record] : containers_) {
    if (record.rootfs == name) users.push_back(container);
  }
  return users;
}

std::vector<std::string> Catalogue::users_of_volume(const std::string& name) const {
  std::vector<std::string> users;
  for (const auto& [container, record] : containers_) {
    const auto is_it = [&](const model::Bind& bind) { return bind.is_volume() && bind.source == name; };
    if (std::ranges::any_of(record.definition.binds, is_it)) users.push_back(container);
  }
  return users;
}

std::set<std::string> Catalogue::layers_in_use() const {
  std::set<std::string> used;
  for (const auto& [name, record] : containers_) used.insert(record.layers.begin(), record.layers.end());
  for (const auto& [name, record] : rootfs_) used.insert(record.layers.begin(), record.layers.end());
  return used;
}

std::map<std::string, std::size_t> Catalogue::layer_users() const {
  std::map<std::string, std::size_t> users;
  for (const auto& [name, record] : rootfs_) {
    for (const auto& layer : record.layers) ++users[layer];
  }
  for (const auto& [name, record] : containers_) {
    const auto* made_from = find_rootfs(record.rootfs);
    for (const auto& layer : record.layers) {
      if (made_from == nullptr || !std::ranges::contains(made_from->layers, layer)) ++users[layer];
    }
  }
  return users;
}

void Catalogue::put(model::ContainerRecord record) {
  const auto name = record.name.str();
  erase(Kind::kContainer, name);
  containers_.emplace(name, std::move(record));
}

void Catalogue::put(model::RootfsRecord record) {
  const auto name = record.name.str();
  erase(Kind::kRootfs, name);
  rootfs_.emplace(name, std::move(record));
}

void Catalogue::put(model::VolumeRecord record) {
  const auto name = record.name.str();
  erase(Kind::kVolume, name);
  volumes_.emplace(name, std::move(record));
}

void Catalogue::put(Damaged damaged) {
  erase(damaged.kind, damaged.name);
  damaged_.push_back(std::move(damaged));
  std::ranges::sort(damaged_, {}, [](const Damaged& one) { return std::pair(one.kind, one.name); });
}

void Catalogue::erase(Kind kind, const std::string& name) {
  if (kind == Kind::kContainer) containers_.erase(name);
  if (kind == Kind::kRootfs) rootfs_.erase(name);
  if (kind == Kind::kVolume) volumes_.erase(name);
  std::erase_if(damaged_, [&](const Damaged& damaged) { return damaged.kind == kind && damaged.name == name; });
}

}  // namespace sdme::store
