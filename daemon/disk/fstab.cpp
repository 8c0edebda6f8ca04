// SPDX-License-Identifier: MIT
#include "disk/fstab.hpp"

#include <mntent.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::disk {

namespace {

constexpr std::size_t kMostLines = 256;

struct Close {
  void operator()(FILE* file) const { std::fclose(file); }
};

struct Tag {
  std::string_view name;              // before the '='
  std::string_view folder;            // of links in /dev/disk
  std::string Partition::* property;  // what it names
};

constexpr std::array kTags = {
    Tag{"UUID", "by-uuid", &Partition::uuid},
    Tag{"LABEL", "by-label", &Partition::label},
    Tag{"PARTUUID", "by-partuuid", &Partition::id},
    Tag{"PARTLABEL", "by-partlabel", &Partition::name},
};

std::string_view unquoted(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// UUIDs are written in both cases.
bool same(const std::string& one, std::string_view other, bool is_id) {
  if (one.empty() || one.size() != other.size()) return false;
  return is_id ? strncasecmp(one.data(), other.data(), one.size()) == 0 : one == other;
}

const Partition* by_tag(std::string_view tag, std::string_view value, std::string_view Tag::* naming,
                        const std::vector<Partition>& partitions) {
  const auto kind = std::ranges::find_if(kTags, [&](const Tag& known) { return known.*naming == tag; });
  if (kind == kTags.end()) return nullptr;
  const bool is_id = kind->name.ends_with("UUID");
  const auto found = std::ranges::find_if(
      partitions, [&](const Partition& partition) { return same(partition.*(kind->property), value, is_id); });
  return found == partitions.end() ? nullptr : &*found;
}

// "/dev/vda2", "/dev/nvme0n1p2": the image is the only disk that its system had.
const Partition* by_number(std::string_view device, const std::vector<Partition>& partitions) {
  const auto last = device.find_last_not_of("0123456789");
  const auto number = text::to_unsigned(device.substr(last + 1));
  if (!number) return nullptr;
  const auto disk = device.substr(0, last + 1);
  const auto is_disk = [&](std::string_view prefix) {
    return disk.size() == prefix.size() + 1 && disk.starts_with(prefix);
  };
  const bool numbered = (disk.starts_with("nvme") || disk.starts_with("mmcblk")) && disk.ends_with("p");
  if (!numbered && !is_disk("sd") && !is_disk("vd") && !is_disk("xvd") && !is_disk("hd")) return nullptr;
  const auto found = std::ranges::find_if(
      partitions, [&](const Partition& partition) { return std::cmp_equal(partition.number, *number); });
  return found == partitions.end() || found->number == 0 ? nullptr : &*found;
}

std::string subvolume_of(const char* options) {
  constexpr std::string_view kKey = "subvol=";
  for (const auto& option : text::split(options, ',')) {
    if (!option.starts_with(kKey)) continue;
    return text::join(components(option.substr(kKey.size())), "/");
  }
  return "";
}

}  // namespace

std::vector<FstabLine> parse_fstab(const std::string& text) {
  std::vector<FstabLine> lines;
  if (text.empty()) return lines;
  auto copy = text;
  const std::unique_ptr<FILE, Close> stream(fmemopen(copy.data(), copy.size(), "r"));
  if (!stream) throw_errno("reading fstab");
  std::array<char, 4096> buffer = {};
  mntent entry = {};
  while (lines.size() < kMostLines &&
         getmntent_r(stream.get(), &entry, buffer.data(), static_cast<int>(buffer.size())) != nullptr) {
    const std::string where = entry.mnt_dir;
    if (!where.starts_with('/') || std::string_view(entry.mnt_type) == "swap") continue;
    lines.push_back({entry.mnt_fsname, where, subvolume_of(entry.mnt_opts)});
  }
  return lines;
}

const Partition* find_partition(std::string_view what, const std::vector<Partition>& partitions) {
  constexpr std::string_view kLinks = "/dev/disk/";
  constexpr std::string_view kDevices = "/dev/";
  if (what.starts_with(kLinks)) {
    what.remove_prefix(kLinks.size());
    const auto slash = what.find('/');
    if (slash == std::string_view::npos) return nullptr;
    return by_tag(what.substr(0, slash), what.substr(slash + 1), &Tag::folder, partitions);
  }
  if (what.starts_with(kDevices)) return by_number(what.substr(kDevices.size()), partitions);
  const auto equals = what.find('=');
  if (equals == std::string_view::npos) return nullptr;
  return by_tag(what.substr(0, equals), unquoted(what.substr(equals + 1)), &Tag::name, partitions);
}

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  for (auto& part : text::split(path, '/')) {
    if (part == "..") return {};
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace sdme::disk
