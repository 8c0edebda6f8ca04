// SPDX-License-Identifier: MIT
#include "disk/places.hpp"

#include <systemd/sd-gpt.h>

#include <algorithm>

#include "base/text.hpp"
#include "disk/file_system.hpp"

namespace sdme::disk {

namespace {

constexpr std::size_t kMostPlaces = 64;

bool is_type(const Partition& partition, sd_id128_t type) {
  sd_id128_t found = {};
  return sd_id128_from_string(partition.type.c_str(), &found) >= 0 && sd_id128_equal(found, type) != 0;
}

class Plan {
 public:
  Plan(const std::vector<Partition>& partitions, const Partition& root, const Looks& looks)
      : partitions_(partitions), root_(root), looks_(looks) {}

  void add_fstab(const std::vector<FstabLine>& fstab) {
    for (const auto& line : fstab) {
      const auto where = text::join(components(line.where), "/");
      const auto* const partition = find_partition(line.what, partitions_);
      if (where.empty() || !partition || is_taken(where)) continue;
      if (partition == &root_ && line.subvolume.empty()) continue;  // a second look at the root
      if (content_of(*partition) != Content::kNone) add({where, partition, line.subvolume, true});
    }
  }

  void add_usr() {
    if (is_taken("usr")) return;
    if (const auto* const typed = of_role(Role::kUsr)) return add({"usr", typed, "", false});
    if (!looks_.is_empty("usr")) return;
    for (const auto& partition : partitions_) {
      if (is_free(partition) && content_of(partition) == Content::kFiles && looks_.like_usr(partition)) {
        return add({"usr", &partition, "", false});
      }
    }
  }

  void add_boot() {
    if (is_taken("boot") || !looks_.is_empty("boot")) return;
    if (const auto* const typed = of_role(Role::kBoot)) return add({"boot", typed, "", false});
    for (const auto& partition : partitions_) {
      if (is_free(partition) && role_of(partition) != Role::kEsp && content_of(partition) != Content::kNone &&
          looks_.like_boot(partition)) {
        return add({"boot", &partition, "", false});
      }
    }
  }

  void add_esp() {
    const auto* const typed = of_role(Role::kEsp);
    if (!typed) return;
    for (const auto* const where : {"efi", "boot/efi"}) {
      if (!is_taken(where) && looks_.is_empty(where)) return add({where, typed, "", false});
    }
  }

  std::vector<Place> in_order() && {
    std::ranges::sort(places_, {}, &Place::where);  // "boot" comes before "boot/efi"
    return std::move(places_);
  }

 private:
  void add(Place place) {
    if (places_.size() < kMostPlaces) places_.push_back(std::move(place));
  }

  bool is_taken(const std::string& where) const {
    return std::ranges::find(places_, where, &Place::where) != places_.end();
  }

  bool is_free(const Partition& partition) const {
    return &partition != &root_ && std::ranges::find(places_, &partition, &Place::partition) == places_.end();
  }

  // The first of its type that is nowhere yet.
  const Partition* of_role(Role role) const {
    const auto found = std::ranges::find_if(partitions_, [&](const Partition& partition) {
      return role_of(partition) == role && !partition.no_auto && is_free(partition) &&
             content_of(partition) != Content::kNone;
    });
    return found == partitions_.end() ? nullptr : &*found;
  }

  const std::vector<Partition>& partitions_;
  const Partition& root_;
  const Looks& looks_;
  std::vector<Place> places_;
};

}  // namespace

Role role_of(const Partition& partition) {
#ifdef SD_GPT_ROOT_NATIVE
  if (is_type(partition, SD_GPT_ROOT_NATIVE)) return Role::kRoot;
  if (is_type(partition, SD_GPT_USR_NATIVE)) return Role::kUsr;
#endif
  if (is_type(partition, SD_GPT_XBOOTLDR) || partition.type == "0xea") return Role::kBoot;
  if (is_type(partition, SD_GPT_ESP) || partition.type == "0xef") return Role::kEsp;
  return Role::kOther;
}

std::vector<Place> plan_places(const std::vector<Partition>& partitions, const Partition& root,
                               const std::vector<FstabLine>& fstab, const Looks& looks) {
  Plan plan(partitions, root, looks);
  plan.add_fstab(fstab);
  plan.add_usr();
  plan.add_boot();
  plan.add_esp();
  return std::move(plan).in_order();
}

}  // namespace sdme::disk
