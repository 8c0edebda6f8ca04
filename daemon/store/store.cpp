// SPDX-License-Identifier: MIT
#include "store/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "os/subvolume.hpp"

namespace sdme::store {

namespace {

constexpr std::uint64_t kStoreVersion = 1;
constexpr mode_t kDirMode = 0700;
constexpr mode_t kRecordMode = 0600;

os::Dir open_locked(const std::string& root) {
  auto dir = os::Dir::make(root, kDirMode);
  if (flock(dir.fd(), LOCK_EX | LOCK_NB) == 0) return dir;
  if (errno == EWOULDBLOCK) throw Error(Errc::kBusy, root + " is in use: another sdmed serves it");
  throw_errno("locking " + root);
}

os::Dir find_or_make(const os::Dir& parent, const std::string& name) {
  auto found = parent.find_dir(name);
  return found ? std::move(*found) : parent.make_dir(name, kDirMode);
}

std::string kind_in_words(Kind kind) {
  return kind == Kind::kContainer ? "container" : kind == Kind::kVolume ? "volume" : "root filesystem";
}

std::string named(Kind kind, const std::string& name) { return kind_in_words(kind) + " " + text::quoted(name); }

[[noreturn]] void not_found(Kind kind, const std::string& name) {
  throw Error(Errc::kNotFound, "there is no " + named(kind, name));
}

bool is_there(const std::string& path) {
  struct stat found = {};
  return lstat(path.c_str(), &found) == 0;
}

}  // namespace

Store Store::open(const std::string& root, Neighbours neighbours) {
  auto dir = open_locked(root);
  check_version(dir);
  return Store(std::move(dir), std::move(neighbours));
}

Store::Store(os::Dir root, Neighbours neighbours)
    : root_(std::move(root)),
      neighbours_(std::move(neighbours)),
      layers_(find_or_make(root_, layout::kLayers)),
      rootfs_(find_or_make(root_, layout::kRootfs)),
      containers_(find_or_make(root_, layout::kContainers)),
      volumes_(find_or_make(root_, layout::kVolumes)),
      staging_(find_or_make(root_, layout::kStaging)),
      trash_(find_or_make(root_, layout::kTrash)),
      pods_(find_or_make(root_, layout::kPods)) {
  for (const auto& name : containers_.entries()) load_entry(Kind::kContainer, containers_, name);
  for (const auto& name : rootfs_.entries()) load_entry(Kind::kRootfs, rootfs_, name);
  for (const auto& name : volumes_.entries()) load_entry(Kind::kVolume, volumes_, name);
}

// The version is written before anything else is: what has none yet is new, or was left half made.
void Store::check_version(const os::Dir& root) {
  const auto path = root.path() + "/" + layout::kVersion;
  const auto text = root.find_text(layout::kVersion, kLargestRecord);
  if (!text) return root.write(layout::kVersion, json::Value{{"version", kStoreVersion}}.dump() + "\n", kRecordMode);
  const auto version =
      while_doing(path, [&] { return json::get<std::uint64_t>(json::parse(*text, "the file"), "version"); });
  if (version > kStoreVersion) {
    throw Error(Errc::kNotSupported, root.path() + " was written by a newer sdmed (format " + std::to_string(version) +
                                         ", this one reads " + std::to_string(kStoreVersion) + ")");
  }
}

// An entry without a record is left to sweep().
void Store::load_entry(Kind kind, const os::Dir& dir, const std::string& name) {
  try {
    const auto entry = dir.find_dir(name);
    if (!entry || !entry->exists(layout::kRecord)) return;
    const auto text = entry->read(layout::kRecord, kLargestRecord);
    const auto what = "record of " + named(kind, name);
    const auto put = [&](auto record) {
      if (kind == Kind::kContainer && std::ranges::contains(former_names(*entry), record.name.str()))
        record.name = decltype(record.name)::parse(name);
      if (record.name.str() != name) throw Error(Errc::kCorrupt, what + " is of " + text::quoted(record.name.str()));
      catalogue_.put(std::move(record));
    };
    if (kind == Kind::kContainer) put(model::ContainerRecord::from_text(text, what));
    if (kind == Kind::kRootfs) put(model::RootfsRecord::from_text(text, what));
    if (kind == Kind::kVolume) put(model::VolumeRecord::from_text(text, what));
  } catch (const Error& error) {
    catalogue_.put(Damaged{.kind = kind, .name = name, .reason = error.message()});
  }
}

// ---- tidying up -----------------------------------------------------------------------------------

std::uint64_t Store::sweep(const std::set<std::uint64_t>& live_jobs, const std::set<std::string>& pinned_layers) {
  for (const auto& name : staging_.entries()) {
    const auto job = text::to_unsigned(name);
    const bool is_live = job && live_jobs.contains(*job) && name == std::to_string(*job);
    if (!is_live) to_trash(staging_, name, "staging");
  }
  sweep_entries(containers_);
  sweep_entries(rootfs_);
  sweep_entries(volumes_);
  finish_renames();
  root_.remove(os::Dir::aside(layout::kVersion));
  return trash_unused_layers(pinned_layers);
}

void Store::sweep_entries(const os::Dir& dir) {
  for (const auto& name : dir.entries()) {
    const auto entry = dir.find_dir(name);
    if (!entry) continue;
    if (!entry->exists(layout::kRecord)) {
      to_trash(dir, name, "half-made");
    } else {
      entry->remove(os::Dir::aside(layout::kRecord));
      entry->remove(os::Dir::aside(layout::kFormerNames));
      entry->remove(os::Dir::aside(layout::kFormerFeatures));
    }
  }
}

std::uint64_t Store::trash_unused_layers(const std::set<std::string>& pinned) {
  std::uint64_t count = 0;
  const auto used = catalogue_.layers_in_use();
  const bool all_users_known =
      std::ranges::all_of(catalogue_.damaged(), [](const Damaged& damaged) { return damaged.kind == Kind::kVolume; });
  for (const auto& id : layers_.entries()) {
    const bool unused = all_users_known && !used.contains(id) && !pinned.contains(id);
    if (!unused && has_layer(id)) continue;
    to_trash(layers_, id, "layer");
    ++count;
  }
  return count;
}

// Not synced: after a crash the entry is in its old place or here, and the next sweep does the same again.
// Who promised a caller that it is gone syncs `from`.
void Store::to_trash(const os::Dir& from, const std::string& name, const std::string& kind) {
  from.rename(name, trash_, os::unique_name(kind));
}

bool Store::trash_is_empty() const { return trash_.entries().empty(); }

// ---- staging and layers ---------------------------------------------------------------------------

os::Dir Store::make_staging(std::uint64_t job, Staging becomes) {
  discard_staging(job);
  const auto name = std::to_string(job);
  auto made = staging_.make_dir(name, kDirMode);
  if (becomes == Staging::kContainer) static_cast<void>(os::make_subvolume(made, layout::kWritten, kDirMode));
  return made;
}

void Store::discard_staging(std::uint64_t job) {
  const auto name = std::to_string(job);
  unlinkat(staging_.fd(), (name + "/" + layout::kWritten).c_str(), AT_REMOVEDIR);  // of one that never began
  if (unlinkat(staging_.fd(), name.c_str(), AT_REMOVEDIR) == 0) return;  // what it held was committed
  if (staging_.exists(name)) to_trash(staging_, name, "staging");
}

// Without a name, so that it goes with whoever holds it. A file system that cannot do this is taken at its word later.
os::UniqueFd Store::reserve(std::size_t bytes) const {
  os::UniqueFd held(openat(staging_.fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (held && fallocate(held.get(), 0, 0, static_cast<off_t>(bytes)) == 0) return held;
  if (errno == EOPNOTSUPP) return {};
  throw_errno("reserving room in " + staging_.path());
}

bool Store::has_layer(const std::string& id) const {
  return model::is_layer_id(id) && layers_.find_dir(id + "/" + layout::kTree).has_value();
}

// 1. staging/JOB/layers/ID, with its tree, is synced   so that no layer without its tree can appear
// 2. it moves to layers/ID                            crash: a whole layer that nobody names yet, swept unless pinned
// 3. both directories are synced                      so that a record that names it cannot outlive it
void Store::commit_layer(std::uint64_t job, const std::string& id) {
  if (!model::is_layer_id(id)) throw Error(Errc::kInternal, text::quoted(id) + " is not the id of a layer");
  if (has_layer(id)) return;
  const auto staged = staging_.find_dir(std::to_string(job) + "/" + layout::kLayers);
  if (!staged || !staged->find_dir(id + "/" + layout::kTree)) {
    throw Error(Errc::kCorrupt, "layer " + text::quoted(id) + " is neither here nor was it made");
  }
  if (layers_.exists(id)) to_trash(layers_, id, "layer");
  staged->open_dir(id).sync();
  staged->sync();
  staged->rename(id, layers_, id);
  layers_.sync();
  staged->sync();
}

std::vector<std::string> Store::layer_ids() const {
  auto ids = layers_.entries();
  std::erase_if(ids, [&](const std::string& id) { return !has_layer(id); });
  return ids;
}

void Store::check_layers(const std::vector<std::string>& layers, const std::string& what) const {
  for (const auto& id : layers) {
    if (!has_layer(id))
      throw Error(Errc::kInternal, "layer " + text::quoted(id) + " of " + what + " is not in the store");
  }
}

// ---- entries --------------------------------------------------------------------------------------

std::optional<std::string> Store::name_owner(const model::ContainerName& name) const {
  const auto& text = name.str();
  const auto record = containers_.path() + "/" + text + "/" + layout::kRecord;
  if (catalogue_.find_container(text) != nullptr) return "container " + text::quoted(text) + " exists already";
  if (catalogue_.find_damaged(Kind::kContainer, text) != nullptr) {
    return "container " + text::quoted(text) + " exists already, but " + record + " cannot be read";
  }
  for (const auto& image : {neighbours_.machines_dir + "/" + text, neighbours_.machines_dir + "/" + text + ".raw"}) {
    if (is_there(image)) return "the name " + text::quoted(text) + " is taken by the machine image " + image;
  }
  if (is_there(neighbours_.machines_state + "/" + text)) {
    return "the name " + text::quoted(text) + " is taken by a machine that runs on this host, see machinectl(1)";
  }
  return std::nullopt;
}

void Store::check_name_free(const model::ContainerName& name) const {
  if (const auto owner = name_owner(name)) throw Error(Errc::kAlreadyExists, *owner);
}

// A new one:  staging/rootfs-NAME with the record in it, synced, then one rename. A crash before the
//             rename leaves rubbish in staging.
// A replaced: the record alone, by a rename of its own; the old layers go with trash_unused_layers().
void Store::commit_rootfs(const model::RootfsRecord& record, Replace replace) {
  const auto& name = record.name.str();
  check_layers(record.layers, named(Kind::kRootfs, name));
  const auto* existing = catalogue_.find_rootfs(name);
  // A daemon that died after the commit does it again.
  if (existing != nullptr && existing->to_text() == record.to_text()) return;
  if (existing == nullptr && catalogue_.find_damaged(Kind::kRootfs, name) == nullptr) return make_rootfs(record);
  if (replace == Replace::kNo) throw Error(Errc::kAlreadyExists, named(Kind::kRootfs, name) + " exists already");
  rewrite(Kind::kRootfs, name, record.to_text());
}

void Store::make_rootfs(const model::RootfsRecord& record) {
  const auto& name = record.name.str();
  const auto staged = "rootfs-" + name;
  if (staging_.exists(staged)) to_trash(staging_, staged, "staging");
  const auto entry = staging_.make_dir(staged, kDirMode);
  Defer undo([&] { give_up(staged); });
  entry.write(layout::kRecord, record.to_text(), kRecordMode);
  staging_.rename(staged, rootfs_, name);
  undo.cancel();
  catalogue_.put(record);
  rootfs_.sync();
  staging_.sync();
}

// After a failure there may be no room even for a rename; then the next start's sweep finds it.
void Store::give_up(const std::string& staged) noexcept {
  try {
    to_trash(staging_, staged, "staging");
  } catch (const Error&) {
    static_cast<void>(staged);
  }
}

// 1. the record is written into staging/JOB, synced    crash: swept with staging, or written again
// 2. staging/JOB moves to containers/NAME              crash: the whole container is there
// 3. both directories are synced
void Store::commit_container(std::uint64_t job, model::ContainerRecord record) {
  const auto& name = record.name.str();
  check_layers(record.layers, named(Kind::kContainer, name));
  if (const auto* existing = catalogue_.find_container(name)) {
    if (existing->uuid == record.uuid) return;  // a daemon that died after the commit does it again
    throw Error(Errc::kAlreadyExists, named(Kind::kContainer, name) + " exists already");
  }
  check_agreement(everybody(), record);
  store::give_address(everybody(), record, pool_);
  staging_.open_dir(std::to_string(job)).write(layout::kRecord, record.to_text(), kRecordMode);
  staging_.rename(std::to_string(job), containers_, name);
  catalogue_.put(record);
  containers_.sync();
  staging_.sync();
}

void Store::update_container(model::ContainerRecord record) {
  const auto& name = record.name.str();
  const auto* now = catalogue_.find_container(name);
  if (now == nullptr) not_found(Kind::kContainer, name);
  check_agreement(everybody(), record);
  store::give_address(everybody(), record, pool_);
  keep_former_features(*now, record);
  rewrite(Kind::kContainer, name, record.to_text());
}

// The record is written aside, synced, and takes the old one's place by a rename. A failure may come before that or
// after it: the file is the truth.
void Store::rewrite(Kind kind, const std::string& name, const std::string& text) {
  const auto& dir = kind == Kind::kContainer ? containers_ : rootfs_;
  const Defer reload([&] { load_entry(kind, dir, name); });
  dir.open_dir(name).write(layout::kRecord, text, kRecordMode);
}

// One rename: before it the entry is whole, after it the entry is rubbish.
void Store::trash_container(const std::string& name) {
  const bool damaged = catalogue_.find_damaged(Kind::kContainer, name) != nullptr;
  if (!damaged && catalogue_.find_container(name) == nullptr) not_found(Kind::kContainer, name);
  to_trash(containers_, name, "container");
  catalogue_.erase(Kind::kContainer, name);
  containers_.sync();
}

void Store::trash_rootfs(const std::string& name) {
  const bool damaged = catalogue_.find_damaged(Kind::kRootfs, name) != nullptr;
  if (!damaged && catalogue_.find_rootfs(name) == nullptr) not_found(Kind::kRootfs, name);
  const auto users = catalogue_.users_of_rootfs(name);
  if (!users.empty()) {
    throw Error(Errc::kInUse, named(Kind::kRootfs, name) + " is used by " +
                                  (users.size() == 1 ? "container " : "containers ") + text::join(users, ", "));
  }
  to_trash(rootfs_, name, "rootfs");
  catalogue_.erase(Kind::kRootfs, name);
  rootfs_.sync();
}

}  // namespace sdme::store
