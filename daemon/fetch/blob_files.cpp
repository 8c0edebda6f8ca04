// SPDX-License-Identifier: MIT
#include "fetch/blob_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "os/file.hpp"

namespace sdme::fetch {

namespace {

constexpr mode_t kMode = 0644;

std::string name_of(const oci::Digest& digest) {
  return std::string(digest.algorithm()) + "-" + std::string(digest.hex());
}

std::string part_of(const oci::Descriptor& blob) { return name_of(blob.digest) + ".part"; }

std::string partial_in_cache(const oci::Descriptor& blob) { return "partial/" + part_of(blob); }

std::string whole_in_cache(const oci::Digest& digest) {
  return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

}  // namespace

BlobFiles::BlobFiles(const std::string& cache, const std::string& blobs) : blobs_(os::Dir::open(blobs)) {
  if (!cache.empty()) cache_ = os::Dir::open(cache);
}

std::optional<os::UniqueFd> BlobFiles::find(const std::string& name, std::uint64_t least, std::uint64_t most) const {
  if (!cache_) return std::nullopt;
  const auto found = cache_->stat(name);
  if (!found || !S_ISREG(found->st_mode)) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(found->st_size);
  if (size < least || size > most) return std::nullopt;
  try {
    return cache_->open_file(name, O_RDONLY);
  } catch (const Error& error) {
    if (error.code() == Errc::kNotFound) return std::nullopt;  // it has just been dropped
    throw;
  }
}

std::optional<os::UniqueFd> BlobFiles::find_whole(const oci::Descriptor& blob) const {
  return find(whole_in_cache(blob.digest), blob.size, blob.size);
}

os::UniqueFd BlobFiles::begin(const oci::Descriptor& blob) const {
  return blobs_.open_file(part_of(blob), O_RDWR | O_CREAT | O_TRUNC, kMode);
}

std::uint64_t BlobFiles::take_over(const oci::Descriptor& blob, int part) const {
  const auto from = find(partial_in_cache(blob), 1, blob.size);
  if (!from) return 0;
  std::uint64_t copied = 0;
  while (copied < blob.size) {
    // On the file systems that can, this shares the bytes instead.
    const auto count = copy_file_range(from->get(), nullptr, part, nullptr, blob.size - copied, 0);
    if (count < 0) throw_errno("taking over a broken off download");
    if (count == 0) break;
    copied += static_cast<std::uint64_t>(count);
  }
  return copied;
}

void BlobFiles::keep(const oci::Descriptor& blob) const {
  const auto name = name_of(blob.digest);
  blobs_.remove(name);
  blobs_.rename(part_of(blob), blobs_, name);
}

bool BlobFiles::has_partial(const oci::Descriptor& blob) const {
  return cache_ && cache_->exists(partial_in_cache(blob));
}

void BlobFiles::discard(const oci::Descriptor& blob, int part) const {
  if (has_partial(blob)) {
    if (ftruncate(part, 0) < 0) throw_errno("emptying a wrong download");
  } else {
    blobs_.remove(part_of(blob));
  }
}

// Not synced: who uses it looks whether it is whole.
void BlobFiles::put(const std::string& name, const std::string& text) const {
  const auto file = blobs_.open_file(name, O_WRONLY | O_CREAT | O_TRUNC, kMode);
  os::write_all(file.get(), text, "a blob");
}

void BlobFiles::mark_used(const oci::Descriptor& blob) const { put(name_of(blob.digest) + ".used", ""); }

void BlobFiles::list(const std::string& reference, const oci::Digest& manifest, const std::string& bytes) const {
  const auto own = json::parse(bytes, "the image's manifest");
  const auto type = json::get_or<std::string>(own, "mediaType", std::string(oci::accepted_media_types().front()));
  const json::Value descriptor = {{"mediaType", type},
                                  {"digest", manifest.str()},
                                  {"size", bytes.size()},
                                  {"annotations", {{"org.opencontainers.image.ref.name", reference}}}};
  write(manifest, bytes);
  put(name_of(manifest) + ".image", descriptor.dump());
}

std::optional<std::string> BlobFiles::read(const oci::Descriptor& blob) const {
  if (blob.size > oci::kLargestManifest) return std::nullopt;
  const auto file = find_whole(blob);
  if (!file) return std::nullopt;
  auto bytes = os::read_all(file->get(), static_cast<std::size_t>(blob.size), "a blob of the cache");
  try {
    blob.digest.verify(bytes, blob.size, "a blob of the cache");
  } catch (const Error&) {
    return std::nullopt;  // damaged: another is fetched
  }
  mark_used(blob);
  return bytes;
}

void BlobFiles::write(const oci::Digest& digest, const std::string& bytes) const { put(name_of(digest), bytes); }

}  // namespace sdme::fetch
