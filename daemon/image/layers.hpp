// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "archive/extract.hpp"
#include "image/layer_source.hpp"
#include "os/dir.hpp"

namespace sdme::image {

// One layer of an unpacked image.
struct UnpackedLayer {
  std::string id;             // its chain id
  std::string diff_id;        // "sha256:…"
  bool is_new = true;         // at STAGING/layers/ID/tree; else it was in `have`
  std::uint64_t size = 0;     // bytes of file content, holes not counted; of new ones
  std::uint64_t entries = 0;  // of new ones
};

// Compressed bytes so far, and of all that had to come; called often, by the thread that called.
using UnpackProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Unpacks the layers of an image that are not in `have`, each to STAGING/layers/ID/tree (made with its
// parents), so that their overlay, with those of `have` in the store's layers/ID/tree, equals the
// image. An id that the stack has twice is unpacked once. Several are unpacked at once. Returns all
// layers of the image, bottom first, once every diff id was verified (VerificationFailed), the layers
// were settled on each other and source.finish() has returned. The limits hold for all new layers
// together. When it throws, a part of them is in staging; nothing is synced to disk.
std::vector<UnpackedLayer> unpack_layers(LayerSource& source, const os::Dir& staging, const std::set<std::string>& have,
                                         const archive::Limits& limits, const UnpackProgress& progress);

}  // namespace sdme::image
