// SPDX-License-Identifier: MIT
#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "store/agreement.hpp"
#include "store/store.hpp"

// The members of Store that make and remove volumes.
namespace sdme::store {

namespace {

constexpr mode_t kDirMode = 0700;
constexpr mode_t kDataMode = 0755;  // in a guest this is a directory like any other
constexpr mode_t kRecordMode = 0600;

}  // namespace

void Store::check_volume_free(const model::VolumeName& name) const {
  const auto& text = name.str();
  const bool taken = catalogue_.find_volume(text) != nullptr || catalogue_.find_damaged(Kind::kVolume, text) != nullptr;
  if (taken) throw Error(Errc::kAlreadyExists, "volume " + text::quoted(text) + " exists already");
}

// staging/volume-NAME with the record and an empty directory, synced, then one rename. A crash before that
// leaves rubbish in staging.
void Store::make_volume(const model::VolumeRecord& record) {
  const auto& name = record.name.str();
  if (const auto* existing = catalogue_.find_volume(name);
      existing != nullptr && existing->to_text() == record.to_text())
    return;  // a daemon that died after the commit does it again
  check_volume_free(record.name);
  const auto staged = "volume-" + name;
  if (staging_.exists(staged)) to_trash(staging_, staged, "staging");
  const auto entry = staging_.make_dir(staged, kDirMode);
  Defer undo([&] { give_up(staged); });
  entry.make_dir(layout::kVolumeData, kDataMode).sync();
  entry.write(layout::kRecord, record.to_text(), kRecordMode);
  staging_.rename(staged, volumes_, name);
  undo.cancel();
  catalogue_.put(record);
  volumes_.sync();
  staging_.sync();
}

void Store::trash_volume(const std::string& name) {
  const bool damaged = catalogue_.find_damaged(Kind::kVolume, name) != nullptr;
  if (!damaged && catalogue_.find_volume(name) == nullptr)
    throw Error(Errc::kNotFound, "there is no volume " + text::quoted(name));
  check_unused_volume(catalogue_, name);
  to_trash(volumes_, name, "volume");
  catalogue_.erase(Kind::kVolume, name);
  volumes_.sync();
}

}  // namespace sdme::store
