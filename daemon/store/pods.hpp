// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "model/pod.hpp"
#include "os/dir.hpp"

namespace sdme::store {

// The pods of the store, a file pods/NAME.json each, and what is known of them in memory. Each appears by one
// rename and goes by one; callers hold leases on what they change.
class Pods {
 public:
  // Reads every record. One that cannot be read stays on the disk, its name stays taken, and a warning says so.
  explicit Pods(os::Dir directory);

  const std::map<std::string, model::PodRecord>& all() const { return pods_; }
  const model::PodRecord* find(const std::string& name) const;

  // New or changed. AlreadyExists when another one has the name.
  void put(const model::PodRecord& record);
  void remove(const std::string& name);  // one that is not there is fine

 private:
  os::Dir directory_;
  std::map<std::string, model::PodRecord> pods_;
};

}  // namespace sdme::store
