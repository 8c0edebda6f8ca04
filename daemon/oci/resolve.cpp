// SPDX-License-Identifier: MIT
#include "oci/resolve.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::oci {

namespace {

constexpr std::size_t kMostShown = 16;

// An entry whose type is left out is looked at: its bytes say what it is.
bool may_be_image(const Descriptor& entry) {
  return entry.media_type.empty() || is_index_type(entry.media_type) || is_manifest_type(entry.media_type);
}

class Search {
 public:
  Search(const std::string& reference, const Wanted& wanted, const ReadBlob& read)
      : reference_(reference), wanted_(wanted), read_(read) {}

  Resolved run(const Descriptor& root) {
    auto document = document_of(root);
    if (!is_index(document)) return image_of(root, document, wanted_);
    if (auto found = in_index(document, 1)) return std::move(*found);
    throw Error(Errc::kNotFound, "there is no image for " + wanted_.platform.str() + "; there is " + what_there_is());
  }

 private:
  std::string document_of(const Descriptor& entry) {
    if (++documents_ > kMostDocuments) {
      throw Error(Errc::kLimitExceeded,
                  "the image's index leads to more than " + std::to_string(kMostDocuments) + " others");
    }
    if (entry.size > kLargestManifest) throw Error(Errc::kLimitExceeded, "the image's manifest is larger than 4 MiB");
    auto bytes = entry.data.empty() ? read_(entry) : entry.data;
    entry.digest.verify(bytes, entry.size, "the image's manifest");
    if (is_manifest_type(entry.media_type) && is_index(bytes)) refuse_kind(entry);
    if (is_index_type(entry.media_type) && !is_index(bytes)) refuse_kind(entry);
    return bytes;
  }

  [[noreturn]] static void refuse_kind(const Descriptor& entry) {
    throw Error(Errc::kCorrupt, "the image's manifest is not of the type " + text::quoted(entry.media_type) +
                                    " that what led to it says");
  }

  std::optional<Resolved> in_index(const std::string& bytes, int depth) {
    if (depth > kDeepestIndex) {
      throw Error(Errc::kLimitExceeded, "the image's indexes nest deeper than " + std::to_string(kDeepestIndex));
    }
    const auto index = parse_index(bytes);
    for (const auto& entry : index) {
      if (entry.platform && may_be_image(entry)) seen_.insert(text::printable(entry.platform->str(), 64));
    }
    const auto possible = candidates(index, wanted_);
    for (const auto* const entry : possible) {
      auto found = behind(*entry, depth, possible.size() == 1);
      if (found) return found;
    }
    return std::nullopt;
  }

  // What says no platform is only taken when its configuration does, so that the next can be tried.
  std::optional<Resolved> behind(const Descriptor& entry, int depth, bool only_one) {
    const auto document = document_of(entry);
    if (is_index(document)) return in_index(document, depth + 1);
    if (entry.platform || only_one) return image_of(entry, document, wanted_);
    try {
      return image_of(entry, document, {.platform = wanted_.platform, .asked_for = false});
    } catch (const Error& error) {
      if (error.code() != Errc::kNotSupported && error.code() != Errc::kUnsupportedFormat) throw;
      return std::nullopt;
    }
  }

  Resolved image_of(const Descriptor& entry, const std::string& document, const Wanted& wanted) {
    auto manifest = parse_manifest(document);
    auto config = manifest.config.data.empty() ? read_(manifest.config) : manifest.config.data;
    manifest.config.digest.verify(config, manifest.config.size, "the image's configuration");
    auto image = make_image(reference_, entry.digest, manifest, std::move(config), wanted);
    return {.image = std::move(image), .manifest = std::move(manifest)};
  }

  std::string what_there_is() const {
    if (seen_.empty()) return "none that says for what platform it is";
    const auto shown = std::min(seen_.size(), kMostShown);
    std::vector<std::string> names(seen_.begin(), std::next(seen_.begin(), static_cast<std::ptrdiff_t>(shown)));
    if (shown < seen_.size()) names.emplace_back("…");
    return text::join(names, ", ");
  }

  const std::string& reference_;
  const Wanted& wanted_;
  const ReadBlob& read_;
  int documents_ = 0;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<const Descriptor*> candidates(const std::vector<Descriptor>& index, const Wanted& wanted) {
  constexpr int kLast = 1000;
  std::vector<std::pair<int, const Descriptor*>> ranked;
  for (const auto& entry : index) {
    if (!may_be_image(entry)) continue;
    const auto rank = entry.platform ? wanted.rank(*entry.platform) : std::optional(kLast);
    if (rank) ranked.emplace_back(*rank, &entry);
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<int, const Descriptor*>::first);
  std::vector<const Descriptor*> sorted;
  for (const auto& [rank, entry] : ranked) sorted.push_back(entry);
  return sorted;
}

Resolved resolve(const std::string& reference, const Descriptor& root, const Wanted& wanted, const ReadBlob& read) {
  return Search(reference, wanted, read).run(root);
}

}  // namespace sdme::oci
