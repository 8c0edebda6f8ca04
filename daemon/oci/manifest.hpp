// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.hpp"
#include "oci/image.hpp"
#include "oci/platform.hpp"

// Manifests and indexes: image-spec 1.1 and Docker's schema 2. Pure functions of bytes that a
// stranger wrote; resolve.hpp is how an image is found with them.
namespace sdme::oci {

inline constexpr std::uint64_t kLargestManifest = 4 * 1024 * 1024;
inline constexpr std::uint64_t kLargestLayer = std::uint64_t{1} << 46;  // so that sums of sizes hold

// What a manifest says of a blob (image-spec, descriptor.md).
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;                  // at most kLargestLayer
  std::optional<Platform> platform = {};   // in an index; words as they are there
  std::string name = {};                   // annotation org.opencontainers.image.ref.name
  std::string image_name = {};             // annotation io.containerd.image.name, as Docker's tools write it
  std::vector<std::string> urls = {};      // of a foreign layer
  std::string data = {};                   // decoded, when embedded; verified
};

// One image: where its configuration and layers are.
struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

// The media types to ask a registry for.
std::vector<std::string_view> accepted_media_types();

// Whether a media type is that of an index, or of an image's manifest. What is neither is skipped in
// an index.
bool is_index_type(std::string_view media_type);
bool is_manifest_type(std::string_view media_type);

// Whether it lists manifests (an index) rather than layers. Corrupt when it is both or neither;
// UnsupportedFormat with a reason for schema 1.
bool is_index(const std::string& bytes);

// UnsupportedFormat, with a reason, for artifacts, encrypted layers and unknown layer types.
Manifest parse_manifest(const std::string& bytes);
std::vector<Descriptor> parse_index(const std::string& bytes);

// NotSupported or UnsupportedFormat unless an image can have so many.
void check_layer_count(std::size_t count);

// The image of a manifest and its configuration: as many diff ids as layers, rootfs.type "layers",
// and unless the user asked for the platform, one that is wanted (NotSupported).
Image make_image(std::string reference, Digest manifest_digest, const Manifest& manifest, std::string config,
                 const Wanted& wanted);

}  // namespace sdme::oci
