// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <map>
#include <memory>
#include <string>

#include "bus/states.hpp"
#include "job/table.hpp"
#include "store/store.hpp"

namespace sdme::bus {

class ContainerObject;
class RootfsObject;
class PodObject;
class JobObject;

// The objects for watching, below /org/sdme1 on the system bus: one a container, root filesystem
// and job, following the catalogue and the job table, announced through ObjectManager.
class Objects {
 public:
  Objects(sdbus::IConnection& connection, const store::Store& store, const States& states, job::Table& jobs);
  ~Objects();

  void container_touched(const std::string& name);  // added, changed or gone
  void container_state(const std::string& name);    // only its live state changed
  void rootfs_touched(const std::string& name);
  void pod_touched(const std::string& name);
  void job_added(const job::Job& job);
  void job_changed(const job::Job& job);
  void job_removed(std::uint64_t id);

 private:
  sdbus::IConnection& connection_;
  const store::Store& store_;
  const States& states_;
  std::map<std::string, std::unique_ptr<ContainerObject>> containers_;
  std::map<std::string, std::unique_ptr<RootfsObject>> rootfs_;
  std::map<std::string, std::unique_ptr<PodObject>> pods_;
  std::map<std::uint64_t, std::unique_ptr<JobObject>> job_objects_;
};

}  // namespace sdme::bus
