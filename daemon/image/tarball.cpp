// SPDX-License-Identifier: MIT
#include "image/tarball.hpp"

#include <string>

#include "oci/digest.hpp"
#include "store/layout.hpp"

namespace sdme::image {

namespace {

constexpr mode_t kRootMode = 0755;  // unless the archive says otherwise
constexpr mode_t kLayerMode = 0700;
constexpr const char* kUnnamed = "new";  // a layer whose id is not known yet

}  // namespace

UnpackedLayer unpack_tarball(archive::Decompressor& source, const os::Dir& staging, archive::Budget& budget,
                             const archive::BytesRead& progress, const std::function<void()>& when_read) {
  const auto layers = staging.make_dir(layout::kLayers, kLayerMode);
  const auto layer = layers.make_dir(kUnnamed, kLayerMode);
  const auto tree = layer.make_dir(layout::kTree, kRootMode);
  const auto unpacked = archive::extract(source, tree, archive::Meaning::kTarball, budget, progress);
  when_read();
  const auto digest = oci::Digest::sha256(unpacked.digest);
  // As a layer of an image the same bytes would hide what is below, and here they are files.
  const auto id = unpacked.has_whiteout_names ? oci::Digest::of("literal " + digest.str()) : digest;
  const std::string name(id.hex());
  layers.rename(kUnnamed, layers, name);
  return {.id = name, .diff_id = digest.str(), .is_new = true, .size = unpacked.size, .entries = unpacked.entries};
}

}  // namespace sdme::image
