// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "oci/digest.hpp"

// Images made of nothing, for tests: their layers are only names.
namespace sdme::test {

inline constexpr auto kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr auto kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr auto kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr auto kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

// Blobs by their digest.
struct Blobs {
  std::map<std::string, std::string> by_digest;

  // Keeps it, and describes it.
  json::Value add(const std::string& bytes, const std::string& media_type) {
    const auto digest = oci::Digest::of(bytes).str();
    by_digest[digest] = bytes;
    return {{"mediaType", media_type}, {"digest", digest}, {"size", bytes.size()}};
  }
};

inline json::Value config_of(const std::vector<std::string>& layers, const std::string& architecture = "amd64") {
  auto ids = json::Value::array();
  for (const auto& layer : layers) ids.push_back(oci::Digest::of(layer).str());
  return {{"os", "linux"}, {"architecture", architecture}, {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}}};
}

inline json::Value manifest_of(Blobs& blobs, const json::Value& config, const std::vector<std::string>& layers) {
  auto list = json::Value::array();
  for (const auto& layer : layers) list.push_back(blobs.add(layer, kLayerType));
  return {{"schemaVersion", 2},
          {"mediaType", kManifestType},
          {"config", blobs.add(config.dump(), kConfigType)},
          {"layers", list}};
}

inline json::Value index_of(const std::vector<json::Value>& manifests) {
  return {{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", manifests}};
}

}  // namespace sdme::test
