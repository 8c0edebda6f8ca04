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

  // What pods will be when the jobs that change them are done: in memory alone. Nobody else gets an address of theirs.
  void expect(const model::PodRecord& record) { expected_.insert_or_assign(record.name.str(), record); }
  void expect_no_more(const std::string& name) { expected_.erase(name); }
  const std::map<std::string, model::PodRecord>& expected() const { return expected_; }

 private:
  os::Dir directory_;
  std::map<std::string, model::PodRecord> pods_;
  std::map<std::string, model::PodRecord> expected_;
};

}  // namespace sdme::store
