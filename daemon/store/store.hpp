// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/address.hpp"
#include "model/record.hpp"
#include "os/dir.hpp"
#include "store/agreement.hpp"
#include "store/catalogue.hpp"
#include "store/layout.hpp"

// The state directory and its one writer. Everything appears by one rename out of staging/ and
// goes by one rename into trash/, so that a crash at any instant leaves the old or the new state
// and sweep() tidies up the rest. Nothing here waits for more than a rename and the sync of a
// record or a directory; workers sync the bulk that they wrote, and a worker empties the trash.
// Callers hold leases on what they change.
namespace sdme::store {

enum class Replace { kNo, kYes };

// Where others on this host keep names that a container of ours must not take.
struct Neighbours {
  std::string machines_state = layout::kMachinesState;
  std::string machines_dir = layout::kMachinesDir;
};

class Store {
 public:
  // Makes what is missing, takes the lock that lasts as long as the store (Busy: another daemon
  // serves it), reads every record. NotSupported: a newer sdmed wrote this store; it is not served.
  static Store open(const std::string& root = layout::kState, Neighbours neighbours = {});

  // Once, before the first request: the staging directories of jobs that are over, the layers
  // that no rootfs, container or job names, and entries without a record go into the trash. How
  // many layers.
  std::uint64_t sweep(const std::set<std::uint64_t>& live_jobs, const std::set<std::string>& pinned_layers);

  // Where it takes addresses from for containers that need one.
  void set_address_pool(const model::AddressPool& pool) { pool_ = pool; }

  const Catalogue& catalogue() const { return catalogue_; }
  const Pods& pods() const { return pods_; }
  Everybody everybody() const { return {.catalogue = catalogue_, .pods = pods_}; }
  bool has_layer(const std::string& id) const;
  std::vector<std::string> layer_ids() const;  // of all that are there

  // AlreadyExists, saying who has the name: a container, readable or not, or a machine of the host.
  void check_name_free(const model::ContainerName& name) const;
  bool name_is_free(const model::ContainerName& name) const { return !name_owner(name).has_value(); }

  // What a job fills: staging/JOB, empty. What an earlier run of the job left goes into the trash. One that becomes a
  // container has a directory for what that writes, on btrfs a subvolume, so that it is counted apart.
  enum class Staging { kLayers, kContainer };
  os::Dir make_staging(std::uint64_t job, Staging becomes = Staging::kLayers);
  void discard_staging(std::uint64_t job);  // none is fine

  // So many bytes, until it is closed: for what will be written later and must find room then. NoSpace.
  os::UniqueFd reserve(std::size_t bytes) const;

  // staging/JOB/layers/ID becomes layers/ID. If the layer exists, ours is the same by its id and
  // stays in staging, to be discarded with it. Corrupt when it is in neither place.
  void commit_layer(std::uint64_t job, const std::string& id);

  // Its layers must be there. AlreadyExists, unless it may be replaced. To commit the same record
  // again is no error, here and for containers: a daemon that died in between finishes its job.
  void commit_rootfs(const model::RootfsRecord& record, Replace replace);

  // staging/JOB with what the job made in it becomes the container. AlreadyExists if there is one.
  // It and an update get their address here, and must agree with the others: store/agreement.hpp.
  void commit_container(std::uint64_t job, model::ContainerRecord record);
  void update_container(model::ContainerRecord record);
  // What reached the host at its last start and was taken from its record since: a guest that runs still has it.
  std::vector<std::string> former_features(const std::string& name) const;

  // What put_pod() would give it, and gives to nobody else while the pod is expected.
  void give_address(model::PodRecord& record) const { store::give_address(everybody(), record, pool_); }
  void expect_pod(const model::PodRecord& record) { pods_.expect(record); }
  void expect_pod_no_more(const std::string& name) { pods_.expect_no_more(name); }
  // New or changed: it gets its address and must agree with the others, as a container.
  void put_pod(model::PodRecord record);
  // InUse, naming its members.
  void remove_pod(const std::string& name);
  void check_volume_free(const model::VolumeName& name) const;  // AlreadyExists, readable or not
  // An empty directory, 0755 and root's. AlreadyExists if there is one.
  void make_volume(const model::VolumeRecord& record);
  // One that does not run. AlreadyExists if the name is taken. What requires it follows.
  void rename_container(const std::string& name, const model::ContainerName& to);
  void finish_renames();  // what a crash left: records that still have a former name, their own and others'

  // Of damaged entries too. NotFound if there is none; InUse, naming the containers.
  void trash_container(const std::string& name);
  void trash_rootfs(const std::string& name);
  void trash_volume(const std::string& name);
  // Those that no record names and that are not pinned by a job; how many.
  std::uint64_t trash_unused_layers(const std::set<std::string>& pinned);
  bool trash_is_empty() const;

 private:
  static constexpr std::size_t kLargestRecord = 16U << 20U;  // an image's configuration is in it

  explicit Store(os::Dir root, Neighbours neighbours);

  static void check_version(const os::Dir& root);
  void load_entry(Kind kind, const os::Dir& dir, const std::string& name);
  void sweep_entries(const os::Dir& dir);
  void check_layers(const std::vector<std::string>& layers, const std::string& what) const;
  std::optional<std::string> name_owner(const model::ContainerName& name) const;
  void rewrite(Kind kind, const std::string& name, const std::string& text);
  void keep_former_features(const model::ContainerRecord& now, const model::ContainerRecord& next) const;
  void make_rootfs(const model::RootfsRecord& record);
  // Of a container since its last start, the one before the present name last.
  static std::vector<std::string> former_names(const os::Dir& entry);
  void follow_rename(const std::string& former, const model::ContainerName& now);
  void to_trash(const os::Dir& from, const std::string& name, const std::string& kind);
  void give_up(const std::string& staged) noexcept;

  os::Dir root_;  // holds the lock
  Neighbours neighbours_;
  os::Dir layers_, rootfs_, containers_, volumes_, staging_, trash_;
  Catalogue catalogue_;
  Pods pods_;
  model::AddressPool pool_;
};

}  // namespace sdme::store
