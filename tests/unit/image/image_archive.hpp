// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "archive/tar_stream.hpp"
#include "base/json.hpp"
#include "oci/documents.hpp"
#include "oci/image.hpp"
#include "oci/platform.hpp"

// Archives of images, made of tar streams that are their layers.
namespace sdme::test {

inline json::Value config_for(const std::vector<std::string>& layers, const std::string& architecture = "") {
  auto config = config_of(layers, oci::Platform::of_host().architecture);
  if (!architecture.empty()) config["architecture"] = architecture;
  return config;
}

// An OCI image layout. Images are added, then it is written.
class Layout {
 public:
  // The descriptor, for the index; layers are compressed.
  json::Value add(const std::vector<std::string>& layers, const std::string& name = "",
                  const std::string& architecture = "") {
    auto list = json::Value::array();
    for (const auto& layer : layers) list.push_back(blobs_.add(compressed(layer, Compression::kGzip), kLayerType));
    const json::Value manifest = {{"schemaVersion", 2},
                                  {"mediaType", kManifestType},
                                  {"config", blobs_.add(config_for(layers, architecture).dump(), kConfigType)},
                                  {"layers", list}};
    auto entry = blobs_.add(manifest.dump(), kManifestType);
    if (!name.empty()) entry["annotations"] = {{"org.opencontainers.image.ref.name", name}};
    return entry;
  }

  Blobs& blobs() { return blobs_; }

  std::string tar_of(const std::vector<json::Value>& entries, const std::string& prefix = "") const {
    auto stream = file(prefix + "oci-layout", R"({"imageLayoutVersion": "1.0.0"})") +
                  file(prefix + "index.json", index_of(entries).dump()) + directory(prefix + "blobs/");
    for (const auto& [digest, bytes] : blobs_.by_digest) {
      stream += file(prefix + "blobs/sha256/" + digest.substr(digest.find(':') + 1), bytes);
    }
    return stream + kEndMark;
  }

 private:
  Blobs blobs_;
};

// As `docker save` wrote before version 25.
struct DockerSave {
  std::string parts;
  json::Value manifest = json::Value::array();

  void add(const std::vector<std::string>& layers, const std::vector<std::string>& tags) {
    const auto config = config_for(layers).dump();
    const std::string id(oci::Digest::of(config).hex());
    parts += file(id + ".json", config);
    auto names = json::Value::array();
    for (const auto& layer : layers) {
      const std::string name(oci::Digest::of("v1 " + layer).hex());
      parts += directory(name + "/") + file(name + "/layer.tar", layer);
      names.push_back(name + "/layer.tar");
    }
    manifest.push_back({{"Config", id + ".json"}, {"RepoTags", tags}, {"Layers", names}});
  }

  std::string tar() const { return parts + file("manifest.json", manifest.dump()) + kEndMark; }
};

}  // namespace sdme::test
