// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <set>
#include <string>

#include "store/records.hpp"
#include "store/store.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

// A store below a directory of the test, with neighbours that are empty unless the test fills them.
class StoreDirs {
 public:
  store::Store open() const {
    return store::Store::open(root(), {.machines_state = machines_state(), .machines_dir = machines_dir()});
  }

  std::string root() const { return temp_ / "state"; }
  std::string machines_state() const { return temp_ / "run/machines"; }
  std::string machines_dir() const { return temp_ / "var/machines"; }
  std::string operator/(const std::string& below) const { return root() + "/" + below; }

  // What is in the store, but for the trash: "path" of directories and "path=content" of files.
  std::set<std::string> listing() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root())) {
      const auto below = entry.path().string().substr(root().size() + 1);
      if (below.starts_with("trash/")) continue;
      found.insert(entry.is_directory() ? below : below + "=" + content(entry.path()));
    }
    return found;
  }

  std::size_t trashed() const {
    using Iterator = std::filesystem::directory_iterator;
    return static_cast<std::size_t>(std::distance(Iterator(root() + "/trash"), Iterator()));
  }

 private:
  TempDir temp_;
};

// What an import leaves in its staging directory.
inline void stage_layer(store::Store& store, std::uint64_t job, const std::string& id, const std::string& mark) {
  put(store.make_staging(job).path() + "/layers/" + id + "/tree/etc/mark", mark);
}

inline void stage_container(store::Store& store, std::uint64_t job) {
  const auto staging = store.make_staging(job);
  put(staging.path() + "/written/upper/etc/hostname", "web");
  staging.make_dir("written/work", 0700);
  staging.make_dir("written/submounts", 0700);
}

inline void import(store::Store& store, std::uint64_t job, const std::string& layer,
                   const model::RootfsRecord& record) {
  stage_layer(store, job, layer, layer);
  store.commit_layer(job, layer);
  store.commit_rootfs(record, store::Replace::kYes);
  store.discard_staging(job);
}

inline void create(store::Store& store, std::uint64_t job, const model::ContainerRecord& record) {
  stage_container(store, job);
  store.commit_container(job, record);
}

}  // namespace sdme::test
