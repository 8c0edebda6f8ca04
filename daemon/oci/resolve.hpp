// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/image.hpp"
#include "oci/manifest.hpp"

namespace sdme::oci {

inline constexpr int kDeepestIndex = 8;
inline constexpr int kMostDocuments = 64;  // read for one image

// Gives the bytes of a manifest, index or configuration. They are verified by who asked; at most
// `descriptor.size`, which has been checked, have to be read.
using ReadBlob = std::function<std::string(const Descriptor& descriptor)>;

struct Resolved {
  Image image;
  Manifest manifest;  // as many layers as the image has: with urls and embedded data
};

// The entries of an index that may have the platform, the best first; those that say no platform
// come last. Attestations (unknown/unknown) and what is no image are never among them.
std::vector<const Descriptor*> candidates(const std::vector<Descriptor>& index, const Wanted& wanted);

// Finds the image that a descriptor leads to, through indexes within indexes: reads and verifies
// each document on the way, size and digest. A registry's answer to a tag is a descriptor with the
// digest of what came and the bytes as `data`. NotFound, listing what there is, when no entry has
// the platform; NotSupported when the only image is for another.
Resolved resolve(const std::string& reference, const Descriptor& root, const Wanted& wanted, const ReadBlob& read);

}  // namespace sdme::oci
