// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.hpp"
#include "oci/image.hpp"
#include "oci/platform.hpp"

// Manifests, indexes and configurations: image-spec 1.1 and Docker's schema 2. Pure functions of
// bytes that a stranger wrote; who got them has verified their digest where one was known.
namespace sdme::oci {

inline constexpr std::uint64_t kLargestManifest = 4 * 1024 * 1024;
inline constexpr std::uint64_t kLargestConfig = 4 * 1024 * 1024;
inline constexpr int kDeepestIndex = 8;

// What a manifest says of a blob (image-spec, descriptor.md).
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::optional<Platform> platform;  // in an index
  std::string name;                  // annotation org.opencontainers.image.ref.name
  std::vector<std::string> urls;     // of a foreign layer
  std::string data;                  // decoded, when embedded; verified
};

// One image: where its configuration and layers are.
struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

// The media types to ask a registry for.
std::vector<std::string_view> accepted_media_types();

// Whether it lists manifests (an index) rather than layers. Corrupt when it is both or neither;
// UnsupportedFormat with a reason for schema 1 and what is no image.
bool is_index(const std::string& bytes);

// UnsupportedFormat, with a reason, for artifacts, encrypted layers and unknown layer types.
Manifest parse_manifest(const std::string& bytes);
std::vector<Descriptor> parse_index(const std::string& bytes);

// The entry for a platform: exact variant, else the best the host can run. NotFound, listing what there is.
const Descriptor& choose(const std::vector<Descriptor>& index, const Platform& wanted);

// The image of a manifest and its configuration: as many diff ids as layers, rootfs.type "layers",
// the platform as wanted (`forced`: asked for by the user, so a difference is allowed).
Image make_image(std::string reference, Digest manifest_digest, const Manifest& manifest, std::string config,
                 const Platform& wanted, bool forced);

}  // namespace sdme::oci
