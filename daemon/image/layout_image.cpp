// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "image/archive_names.hpp"
#include "image/archived_image.hpp"
#include "oci/resolve.hpp"

// An OCI image layout: image-spec, image-layout.md.
namespace sdme::image {

namespace {

constexpr std::uint64_t kLargestLayoutFile = 4096;
constexpr std::string_view kLayoutVersion = "1.0.0";

void check_version(const ArchiveIndex& archive) {
  const std::string what = "the file oci-layout of the archive";
  const auto text = archive.read(archive.find(kLayoutName, what), kLargestLayoutFile, what);
  const auto version = json::get<std::string>(json::parse(text, what), "imageLayoutVersion");
  if (version == kLayoutVersion) return;
  throw Error(Errc::kUnsupportedFormat,
              "the archive is an OCI image layout of version " + text::quoted(version) + "; only 1.0.0 is known");
}

std::string blob_name(const oci::Digest& digest) {
  return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

ArchiveIndex::Part find_blob(const ArchiveIndex& archive, const oci::Descriptor& blob) {
  const auto what = "the blob " + blob.digest.str();
  const auto part = archive.find(blob_name(blob.digest), what);
  if (part.size == blob.size) return part;
  throw Error(Errc::kVerificationFailed,
              what + " has " + std::to_string(part.size) + " bytes instead of " + std::to_string(blob.size));
}

// Docker's own annotation has the whole name, the standard's often the tag alone.
const std::string& name_of(const oci::Descriptor& entry) {
  return entry.image_name.empty() ? entry.name : entry.image_name;
}

bool is_meant(const oci::Descriptor& entry, const std::string& tag) {
  return entry.name == tag || entry.digest.str() == tag || entry.image_name == tag ||
         (!entry.image_name.empty() && entry.image_name.ends_with("/" + tag));
}

std::vector<std::string> names_of(const std::vector<oci::Descriptor>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    const auto& name = name_of(entry);
    names.push_back(name.empty() ? entry.digest.str() : name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

bool have_one_name(const std::vector<oci::Descriptor>& entries) {
  return std::ranges::all_of(entries, [&](const auto& entry) { return name_of(entry) == name_of(entries.front()); });
}

// What to begin with. Entries of one name are for several platforms.
oci::Descriptor choose(const std::string& index, const Choice& choice) {
  const auto all = oci::parse_index(index);
  auto meant = all;
  if (!choice.tag.empty()) std::erase_if(meant, [&](const auto& entry) { return !is_meant(entry, choice.tag); });
  if (meant.empty() && !choice.tag.empty()) throw_none(choice.tag, names_of(all));
  if (meant.size() == 1) return meant.front();
  if (!have_one_name(meant)) throw_several(names_of(meant));
  if (meant.size() < all.size()) {
    const auto best = oci::candidates(meant, choice.wanted);
    return best.empty() ? meant.front() : *best.front();
  }
  return {.media_type = "", .digest = oci::Digest::of(index), .size = index.size(), .data = index};
}

}  // namespace

ArchivedImage image_of_layout(const ArchiveIndex& archive, const Choice& choice) {
  check_version(archive);
  const std::string what = "the index of the archive";
  const auto root = choose(archive.read(archive.find(kIndexName, what), oci::kLargestManifest, what), choice);
  auto found = oci::resolve(text::printable(name_of(root)), root, choice.wanted, [&](const oci::Descriptor& blob) {
    return archive.read(find_blob(archive, blob), oci::kLargestManifest, "the blob " + blob.digest.str());
  });
  ArchivedImage result{.image = std::move(found.image), .layers = {}};
  for (const auto& layer : found.manifest.layers) {
    result.layers.push_back({.part = find_blob(archive, layer), .digest = layer.digest});
  }
  return result;
}

}  // namespace sdme::image
