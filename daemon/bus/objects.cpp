// SPDX-License-Identifier: MIT
#include "bus/objects.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>

#include "base/error.hpp"
#include "bus/describe.hpp"
#include "container_adaptor.hpp"
#include "job_adaptor.hpp"
#include "names.hpp"
#include "pod_adaptor.hpp"
#include "rootfs_adaptor.hpp"
#include "store/layout.hpp"

namespace sdme::bus {

namespace {

sdbus::ObjectPath path_of(const char* parent, const std::string& name) {
  char* path = nullptr;
  if (sd_bus_path_encode(parent, name.c_str(), &path) < 0) throw Error(Errc::kInternal, "cannot name an object");
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  return sdbus::ObjectPath{path};
}

sdbus::ObjectPath job_path(std::uint64_t id) {
  return sdbus::ObjectPath{std::string(names::kJobPath) + "/" + std::to_string(id)};
}

}  // namespace

class ContainerObject final
    : public sdbus::AdaptorInterfaces<org::sdme1::Container_adaptor, sdbus::ManagedObject_adaptor> {
 public:
  ContainerObject(sdbus::IConnection& connection, model::ContainerRecord record, const States& states,
                  const store::Store& store)
      : AdaptorInterfaces(connection, path_of(names::kContainerPath, record.name.str())),
        record_(std::move(record)),
        states_(states),
        store_(store) {
    registerAdaptor();
  }
  ~ContainerObject() { unregisterAdaptor(); }

  const std::string& uuid() const { return record_.uuid; }
  void set(model::ContainerRecord record) {
    record_ = std::move(record);
    announce({sdbus::PropertyName{"State"}, sdbus::PropertyName{"Health"}, sdbus::PropertyName{"Enabled"}});
  }
  void announce_state() { announce({sdbus::PropertyName{"State"}, sdbus::PropertyName{"Health"}}); }

 private:
  void announce(const std::vector<sdbus::PropertyName>& properties) {
    getObject().emitPropertiesChangedSignal(sdbus::InterfaceName{INTERFACE_NAME}, properties);
  }

  std::string Name() override { return record_.name.str(); }
  std::string State() override { return states_.state(record_.name.str()); }
  std::string Health() override { return states_.health(record_, store_); }
  std::string OS() override { return record_.os; }
  std::string Rootfs() override { return record_.rootfs; }
  std::uint32_t Owner() override { return record_.owner; }
  bool Enabled() override { return record_.enabled; }
  bool Privileged() override { return !reach_of(record_, states_, store_).empty(); }
  std::string Unit() override { return layout::container_unit(record_.name.str()); }
  std::uint64_t CreatedUSec() override { return record_.created_usec; }

  model::ContainerRecord record_;
  const States& states_;
  const store::Store& store_;
};

class RootfsObject final : public sdbus::AdaptorInterfaces<org::sdme1::Rootfs_adaptor, sdbus::ManagedObject_adaptor> {
 public:
  RootfsObject(sdbus::IConnection& connection, model::RootfsRecord record)
      : AdaptorInterfaces(connection, path_of(names::kRootfsPath, record.name.str())), record_(std::move(record)) {
    registerAdaptor();
  }
  ~RootfsObject() { unregisterAdaptor(); }

 private:
  std::string Name() override { return record_.name.str(); }
  std::string OS() override { return record_.os; }
  std::string Distro() override { return record_.distro; }
  std::uint64_t Size() override { return record_.size; }
  bool Bootable() override { return record_.bootable; }
  std::uint32_t Owner() override { return record_.owner; }
  std::uint64_t CreatedUSec() override { return record_.created_usec; }

  model::RootfsRecord record_;
};

class PodObject final : public sdbus::AdaptorInterfaces<org::sdme1::Pod_adaptor, sdbus::ManagedObject_adaptor> {
 public:
  PodObject(sdbus::IConnection& connection, model::PodRecord record)
      : AdaptorInterfaces(connection, path_of(names::kPodPath, record.name.str())), record_(std::move(record)) {
    registerAdaptor();
  }
  ~PodObject() { unregisterAdaptor(); }

 private:
  std::string Name() override { return record_.name.str(); }
  std::string Network() override { return record_.network.str(); }
  std::vector<std::string> Ports() override {
    std::vector<std::string> ports;
    for (const auto& port : record_.ports) ports.push_back(port.str());
    return ports;
  }
  std::uint32_t Owner() override { return record_.owner; }
  std::uint64_t CreatedUSec() override { return record_.created_usec; }

  model::PodRecord record_;
};

class JobObject final : public sdbus::AdaptorInterfaces<org::sdme1::Job_adaptor, sdbus::ManagedObject_adaptor> {
 public:
  JobObject(sdbus::IConnection& connection, const job::Job& job)
      : AdaptorInterfaces(connection, job_path(job.record.id)), job_(job) {
    registerAdaptor();
  }
  ~JobObject() { unregisterAdaptor(); }

  void announce() {
    getObject().emitPropertiesChangedSignal(
        sdbus::InterfaceName{INTERFACE_NAME},
        std::vector<sdbus::PropertyName>{sdbus::PropertyName{"State"}, sdbus::PropertyName{"Phase"},
                                         sdbus::PropertyName{"Progress"}, sdbus::PropertyName{"BytesDone"},
                                         sdbus::PropertyName{"BytesTotal"}, sdbus::PropertyName{"ErrorName"}});
  }

 private:
  std::string Kind() override { return job_.record.kind; }
  std::string Target() override { return job_.record.target; }
  std::uint32_t Owner() override { return job_.record.owner; }
  std::uint64_t CreatedUSec() override { return job_.record.created_usec; }
  std::string State() override { return std::string(word(job_.record.state)); }
  std::string Phase() override { return job_.progress.phase; }
  double Progress() override { return job_.progress.fraction; }
  std::uint64_t BytesDone() override { return job_.progress.bytes_done; }
  std::uint64_t BytesTotal() override { return job_.progress.bytes_total; }
  std::string ErrorName() override { return error_name(job_.record); }

  const job::Job& job_;  // the table removes the object before the job
};

namespace {

template <typename T, typename Key>
void add(std::map<Key, std::unique_ptr<T>>& objects, const Key& key, std::unique_ptr<T> object) {
  object->emitInterfacesAddedSignal();
  objects[key] = std::move(object);
}

template <typename T, typename Key>
void remove(std::map<Key, std::unique_ptr<T>>& objects, const Key& key) {
  const auto found = objects.find(key);
  if (found == objects.end()) return;
  found->second->emitInterfacesRemovedSignal();
  objects.erase(found);
}

}  // namespace

// What was there before us is not announced, nor is our leaving: neither is news of the thing.
Objects::Objects(sdbus::IConnection& connection, const store::Store& store, const States& states, job::Table& jobs)
    : connection_(connection), store_(store), states_(states) {
  for (const auto& [name, record] : store_.catalogue().containers()) {
    containers_[name] = std::make_unique<ContainerObject>(connection_, record, states_, store_);
  }
  for (const auto& [name, record] : store_.catalogue().rootfs()) {
    rootfs_[name] = std::make_unique<RootfsObject>(connection_, record);
  }
  for (const auto& [name, record] : store_.pods().all()) pods_[name] = std::make_unique<PodObject>(connection_, record);
  for (const auto& [id, job] : jobs.all()) {
    if (job->record.listed()) job_objects_[id] = std::make_unique<JobObject>(connection_, *job);
  }
}

Objects::~Objects() = default;

void Objects::container_touched(const std::string& name) {
  const auto* record = store_.catalogue().find_container(name);
  const auto found = containers_.find(name);
  const bool same = found != containers_.end() && record != nullptr && record->uuid == found->second->uuid();
  if (same) return found->second->set(*record);
  remove(containers_, name);
  if (record != nullptr) {
    add(containers_, name, std::make_unique<ContainerObject>(connection_, *record, states_, store_));
  }
}

void Objects::container_state(const std::string& name) {
  if (const auto found = containers_.find(name); found != containers_.end()) found->second->announce_state();
}

void Objects::rootfs_touched(const std::string& name) {
  remove(rootfs_, name);
  if (const auto* record = store_.catalogue().find_rootfs(name)) {
    add(rootfs_, name, std::make_unique<RootfsObject>(connection_, *record));
  }
}

void Objects::pod_touched(const std::string& name) {
  remove(pods_, name);
  if (const auto* record = store_.pods().find(name))
    add(pods_, name, std::make_unique<PodObject>(connection_, *record));
}

void Objects::job_added(const job::Job& job) {
  if (job.record.listed()) add(job_objects_, job.record.id, std::make_unique<JobObject>(connection_, job));
}

void Objects::job_changed(const job::Job& job) {
  if (const auto found = job_objects_.find(job.record.id); found != job_objects_.end()) found->second->announce();
}

void Objects::job_removed(std::uint64_t id) { remove(job_objects_, id); }

}  // namespace sdme::bus
