// SPDX-License-Identifier: MIT
#include "store/blob_cache.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace sdme::store {

namespace {

// 0755 below a root of 0700: the unit of a pull sees these read-only, as a user of its own.
constexpr mode_t kSeenByPulls = 0755;
constexpr mode_t kOpenToOnePull = 0777;
constexpr std::size_t kLargestIndex = 4U << 20U;
constexpr std::size_t kLargestDescriptor = 8U << 10U;
constexpr std::size_t kMostImages = 500;  // so that the index stays as small as above
// A pull of the largest image leaves a thousand names. Each costs the daemon's one loop a rename, so there is an end.
constexpr std::size_t kMostTaken = 4096;
constexpr std::size_t kMostListed = 4;  // of images, for one pull
constexpr std::size_t kMostPartials = 4096;
constexpr std::size_t kMostBlobs = 32'768;
constexpr std::string_view kPart = ".part", kUsed = ".used", kImage = ".image";

struct Algorithm {
  std::string_view name;
  std::size_t digits;
};
constexpr std::array kAlgorithms = {Algorithm{"sha256", 64}, Algorithm{"sha512", 128}};

os::Dir find_or_make(const os::Dir& parent, const std::string& name, mode_t mode) {
  auto found = parent.find_dir(name);
  return found ? std::move(*found) : parent.make_dir(name, mode);
}

// "ALGORITHM-HEX" as "ALGORITHM/HEX", below blobs/; nothing when it is no such name.
std::optional<std::string> blob_of(std::string_view name) {
  const auto dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto hex = name.substr(dash + 1);
  const auto known = std::ranges::find(kAlgorithms, name.substr(0, dash), &Algorithm::name);
  const bool digits = hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (known == kAlgorithms.end() || hex.size() != known->digits || !digits) return std::nullopt;
  return std::string(known->name) + "/" + std::string(hex);
}

std::uint64_t usec_of(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

// The size of a file does not tell what is allocated beyond its end. Some file systems need more than the size
// honestly, for copies and parity.
bool takes_more_than_it_says(const struct stat& file) {
  constexpr std::uint64_t kSlack = 4U << 20U;
  return static_cast<std::uint64_t>(file.st_blocks) * 512 / 4 > static_cast<std::uint64_t>(file.st_size) + kSlack;
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// Not all, where a stranger made more names than anybody needs: a list of them might not fit into memory.
std::vector<std::string> first_entries(const os::Dir& dir, std::size_t most) {
  auto again = dir.open_file(".", O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, CloseDir> stream(fdopendir(again.get()));
  if (!stream) throw_errno("reading what a pull left");
  static_cast<void>(again.release());  // closedir() closes it
  std::vector<std::string> names;
  while (names.size() < most) {
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace

BlobCache::BlobCache(const std::string& root, std::uint64_t max_bytes)
    : max_bytes_(max_bytes),
      root_(os::Dir::make(root, 0700)),
      oci_(find_or_make(root_, layout::kOci, kSeenByPulls)),
      blobs_(find_or_make(oci_, layout::kBlobs, kSeenByPulls)),
      partial_(find_or_make(oci_, layout::kPartial, kSeenByPulls)),
      fetch_(find_or_make(root_, layout::kFetch, 0700)),
      trash_(find_or_make(root_, layout::kTrash, 0700)) {
  for (const auto& algorithm : kAlgorithms) {
    static_cast<void>(find_or_make(blobs_, std::string(algorithm.name), kSeenByPulls));
  }
  if (!oci_.exists("oci-layout")) oci_.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})", 0644);
  if (!oci_.exists("index.json")) write_index(index());
}

std::string BlobCache::layout_path() const { return oci_.path(); }

std::string BlobCache::fetch_path(std::uint64_t job) const { return fetch_.path() + "/" + std::to_string(job); }

std::string BlobCache::make_fetch(std::uint64_t job) {
  const auto name = std::to_string(job);
  if (fetch_.exists(name)) to_trash(fetch_, name);
  return fetch_.make_dir(name, kOpenToOnePull).path();
}

void BlobCache::adopt(std::uint64_t job) {
  const auto name = std::to_string(job);
  const auto left = fetch_.find_dir(name);
  if (!left) return;
  if (enabled()) {
    std::size_t images = 0;
    for (const auto& entry : first_entries(*left, kMostTaken)) {
      if (entry.ends_with(kImage) && ++images > kMostListed) continue;
      try {
        adopt_one(*left, entry);
      } catch (const Error& error) {
        log::warning("the cache does not keep " + text::quoted(entry) + " of a pull: " + error.message());
      }
    }
  }
  to_trash(fetch_, name);
  clean(max_bytes_);
}

void BlobCache::discard(std::uint64_t job) {
  const auto name = std::to_string(job);
  if (fetch_.exists(name)) to_trash(fetch_, name);
}

// Every name and kind is a stranger's. Renames do not follow links, and what is no file is left to the trash.
void BlobCache::adopt_one(const os::Dir& from, const std::string& name) {
  const auto found = from.stat(name);
  if (!found || !S_ISREG(found->st_mode) || takes_more_than_it_says(*found)) return;
  const auto dot = std::min(name.find('.'), name.size());
  const auto kind = std::string_view(name).substr(dot);
  const auto blob = blob_of(std::string_view(name).substr(0, dot));
  if (!blob) return;
  if (kind == kUsed) {
    if (blobs_.exists(*blob)) mark_used(*blob);
  } else if (kind == kPart) {
    if (blobs_.exists(*blob)) return;
    partial_.remove(name);
    if (found->st_size > 0) from.rename(name, partial_, name);  // else what was here is wrong
  } else if (kind == kImage) {
    list_image(json::parse(from.read(name, kLargestDescriptor), "the descriptor of an image"));
  } else if (kind.empty() && found->st_size > 0) {  // no bound on bytes would ever remove an empty one
    partial_.remove(name + std::string(kPart));
    blobs_.remove(*blob);  // it was fetched anew because that one is damaged
    const auto slash = blob->find('/');
    from.rename(name, blobs_.open_dir(blob->substr(0, slash)), blob->substr(slash + 1));
    if (usec_of(found->st_mtim) > realtime_usec()) mark_used(*blob);  // or all others would go before it
  }
}

void BlobCache::mark_used(const std::string& blob) const {
  if (utimensat(blobs_.fd(), blob.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) < 0) throw_errno("marking a blob as used");
}

void BlobCache::sweep(const std::set<std::uint64_t>& live_jobs) {
  for (const auto& name : fetch_.entries()) {
    const auto job = text::to_unsigned(name);
    if (!job || name != std::to_string(*job)) {
      to_trash(fetch_, name);
    } else if (!live_jobs.contains(*job)) {
      adopt(*job);
    }
  }
}

std::vector<BlobCache::Blob> BlobCache::list() const {
  std::vector<Blob> all;
  for (const auto& algorithm : kAlgorithms) {
    const auto dir = blobs_.open_dir(std::string(algorithm.name));
    for (const auto& name : dir.entries()) {
      const auto found = dir.stat(name);
      if (!found || !blob_of(std::string(algorithm.name) + "-" + name)) continue;
      all.push_back({.digest = std::string(algorithm.name) + ":" + name,
                     .size = static_cast<std::uint64_t>(found->st_size),
                     .used_usec = usec_of(found->st_mtim)});
    }
  }
  std::ranges::sort(all, std::ranges::greater{}, &Blob::used_usec);
  return all;
}

BlobCache::Freed BlobCache::clean(std::uint64_t keep_bytes) {
  const auto all = list();
  std::uint64_t kept = 0;
  std::size_t count = 0;
  Freed freed;
  for (const auto& blob : all) {
    const bool fits = blob.size <= keep_bytes && kept <= keep_bytes - blob.size;
    if (keep_bytes > 0 && fits && count < kMostBlobs) {
      kept += blob.size;
      ++count;
      continue;
    }
    const auto colon = blob.digest.find(':');
    to_trash(blobs_.open_dir(blob.digest.substr(0, colon)), blob.digest.substr(colon + 1));
    freed.bytes += blob.size;
    ++freed.count;
  }
  if (!partials_fit(keep_bytes - kept)) freed.bytes += drop_partials().bytes;
  if (freed.count > 0) forget_images();
  return freed;
}

bool BlobCache::partials_fit(std::uint64_t room) const {
  const auto names = partial_.entries();
  for (const auto& name : names) {
    const auto found = partial_.stat(name);
    const auto size = found ? static_cast<std::uint64_t>(found->st_size) : 0;
    if (size > room) return false;
    room -= size;
  }
  return names.size() <= kMostPartials;
}

BlobCache::Freed BlobCache::drop_partials() {
  Freed freed;
  for (const auto& name : partial_.entries()) {
    const auto found = partial_.stat(name);
    to_trash(partial_, name);
    freed.bytes += found ? static_cast<std::uint64_t>(found->st_size) : 0;
    ++freed.count;
  }
  return freed;
}

json::Value BlobCache::index() const {
  const json::Value empty = {{"schemaVersion", 2},
                             {"mediaType", "application/vnd.oci.image.index.v1+json"},
                             {"manifests", json::Value::array()}};
  try {
    const auto text = oci_.find_text("index.json", kLargestIndex);
    if (!text) return empty;
    auto value = json::parse(*text, "the index of the cache");
    return value.contains("manifests") && value["manifests"].is_array() ? value : empty;
  } catch (const Error&) {
    return empty;
  }
}

void BlobCache::write_index(const json::Value& index) const { oci_.write("index.json", index.dump(), 0644); }

// Only for people and tools that look into the layout; a pull asks the registry.
void BlobCache::list_image(const json::Value& descriptor) {
  const auto digest = json::get<std::string>(descriptor, "digest");
  auto name = digest;
  std::ranges::replace(name, ':', '-');
  if (!blob_of(name)) return;
  const auto annotations = descriptor.value("annotations", json::Value());
  if (!annotations.is_object()) throw Error(Errc::kCorrupt, "the descriptor of an image has no annotations");
  const json::Value listed = {{"mediaType", json::get<std::string>(descriptor, "mediaType")},
                              {"digest", digest},
                              {"size", json::get<std::uint64_t>(descriptor, "size")},
                              {"annotations", annotations}};
  // Numbers may be longer when they are written again.
  if (listed.dump().size() > kLargestDescriptor)
    throw Error(Errc::kLimitExceeded, "the descriptor of an image is long");
  auto value = index();
  auto& images = value["manifests"];
  std::erase_if(images.get_ref<json::Value::array_t&>(), [&](const json::Value& image) {
    return image.is_object() && image.value("annotations", json::Value()) == annotations;
  });
  images.push_back(listed);
  while (images.size() > kMostImages) images.erase(images.begin());
  write_index(value);
}

void BlobCache::forget_images() {
  auto value = index();
  const auto gone = [&](const json::Value& image) {
    auto name = image.is_object() ? json::get_or<std::string>(image, "digest", "") : "";
    std::ranges::replace(name, ':', '-');
    const auto blob = blob_of(name);
    return !blob || !blobs_.exists(*blob);
  };
  if (std::erase_if(value["manifests"].get_ref<json::Value::array_t&>(), gone) > 0) write_index(value);
}

void BlobCache::to_trash(const os::Dir& from, const std::string& name) {
  from.rename(name, trash_, os::unique_name(name.substr(0, 64)));
}

}  // namespace sdme::store
