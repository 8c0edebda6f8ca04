// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/record.hpp"

// What exists, in memory, so that no list or look-up reads the disk. Only Store changes it, after
// the disk has changed.
namespace sdme::store {

enum class Kind { kContainer, kRootfs, kVolume };

// An entry whose record could not be read. It stays on the disk, its name stays taken, and it is
// shown with kUnreadableHealth; everything else is served as ever.
struct Damaged {
  Kind kind;
  std::string name;    // of the directory; not always a valid name
  std::string reason;  // one sentence
};

inline constexpr const char* kUnreadableHealth = "unreadable record";

class Catalogue {
 public:
  // Pointers hold until this entry is put or erased.
  const model::ContainerRecord* find_container(const std::string& name) const;
  const model::RootfsRecord* find_rootfs(const std::string& name) const;
  const model::VolumeRecord* find_volume(const std::string& name) const;
  const Damaged* find_damaged(Kind kind, const std::string& name) const;

  // By name, sorted.
  const std::map<std::string, model::ContainerRecord>& containers() const { return containers_; }
  const std::map<std::string, model::RootfsRecord>& rootfs() const { return rootfs_; }
  const std::map<std::string, model::VolumeRecord>& volumes() const { return volumes_; }
  const std::vector<Damaged>& damaged() const { return damaged_; }

  // Names of the containers that were made from it, sorted.
  std::vector<std::string> users_of_rootfs(const std::string& name) const;

  // Names of the containers that it is shown in, sorted.
  std::vector<std::string> users_of_volume(const std::string& name) const;

  // Every layer that a record names. What a damaged record names is not known: while there is
  // one, no layer may be removed.
  std::set<std::string> layers_in_use() const;

  // How many need each layer: root filesystems, and containers of another one's making (those of
  // a root filesystem itself keep it from being removed).
  std::map<std::string, std::size_t> layer_users() const;

  // Each replaces what has that name, damaged or not.
  void put(model::ContainerRecord record);
  void put(model::RootfsRecord record);
  void put(model::VolumeRecord record);
  void put(Damaged damaged);
  void erase(Kind kind, const std::string& name);

 private:
  std::map<std::string, model::ContainerRecord> containers_;
  std::map<std::string, model::RootfsRecord> rootfs_;
  std::map<std::string, model::VolumeRecord> volumes_;
  std::vector<Damaged> damaged_;
};

}  // namespace sdme::store
