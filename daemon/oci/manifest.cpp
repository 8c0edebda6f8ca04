// SPDX-License-Identifier: MIT
#include "oci/manifest.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/base64.hpp"
#include "oci/config.hpp"
#include "oci/fields.hpp"

namespace sdme::oci {

namespace {

constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+";  // json or prettyjws

constexpr std::array<std::string_view, 2> kConfigs = {
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
};
constexpr std::string_view kEmptyConfig = "application/vnd.oci.empty.v1+json";

// How a layer's type begins; how it is compressed follows, and its bytes say that better.
constexpr std::array<std::string_view, 4> kLayers = {
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
};
constexpr std::array<std::string_view, 6> kCompressions = {"", "+gzip", "+zstd", ".gzip", ".zstd", ".bzip2"};

constexpr std::uint64_t kMostUrls = 16;

bool is_layer_type(std::string_view type) {
  return std::ranges::any_of(kLayers, [&](std::string_view start) {
    return type.starts_with(start) && std::ranges::contains(kCompressions, type.substr(start.size()));
  });
}

Error unsupported(const std::string& why) { return {Errc::kUnsupportedFormat, why}; }

json::Value document(const std::string& bytes, const std::string& what) {
  if (bytes.size() > kLargestManifest) throw Error(Errc::kLimitExceeded, what + " is larger than 4 MiB");
  auto value = json::parse(bytes, what);
  const auto type = field<std::string>(value, "mediaType").value_or("");
  const auto version = field<std::int64_t>(value, "schemaVersion");
  if (version == 1 || type.starts_with(kSchema1) || value.contains("fsLayers")) {
    throw unsupported(what +
                      " is of Docker's schema 1, which cannot be verified; push the image again with a tool of today");
  }
  if (version != 2) throw unsupported(what + " does not say schemaVersion 2");
  return value;
}

std::string annotation(const json::Value& descriptor, std::string_view key) {
  const auto* const annotations = object_field(descriptor, "annotations");
  return annotations == nullptr ? "" : field<std::string>(*annotations, key).value_or("");
}

std::optional<Platform> platform_of(const json::Value& descriptor) {
  const auto* const platform = object_field(descriptor, "platform");
  if (platform == nullptr) return std::nullopt;
  return Platform{.os = field<std::string>(*platform, "os").value_or(""),
                  .architecture = field<std::string>(*platform, "architecture").value_or(""),
                  .variant = field<std::string>(*platform, "variant").value_or("")};
}

Descriptor descriptor_of(const json::Value& value) {
  Descriptor result{.media_type = field<std::string>(value, "mediaType").value_or(""),
                    .digest = Digest::parse(json::get<std::string>(value, "digest")),
                    .size = json::get<std::uint64_t>(value, "size"),
                    .platform = platform_of(value),
                    .name = annotation(value, "org.opencontainers.image.ref.name"),
                    .image_name = annotation(value, "io.containerd.image.name"),
                    .urls = field<std::vector<std::string>>(value, "urls").value_or(std::vector<std::string>{}),
                    .data = {}};
  if (result.size > kLargestLayer) throw Error(Errc::kLimitExceeded, "a blob is said to be larger than 64 TiB");
  if (result.urls.size() > kMostUrls) result.urls.resize(kMostUrls);
  if (const auto text = field<std::string>(value, "data")) {
    auto data = from_base64(*text);
    if (!data) throw Error(Errc::kCorrupt, "what is embedded for " + result.digest.str() + " is not base64");
    result.digest.verify(*data, result.size, "what is embedded for " + result.digest.str());
    result.data = std::move(*data);
  }
  return result;
}

[[noreturn]] void refuse_artifact(const std::string& type) {
  throw unsupported("it is an artifact of type " + text::quoted(type) + ", not an image with a root file system");
}

void check_config_type(const json::Value& manifest, const Descriptor& config) {
  if (std::ranges::contains(kConfigs, config.media_type)) return;
  const auto artifact = field<std::string>(manifest, "artifactType").value_or("");
  refuse_artifact(config.media_type == kEmptyConfig && !artifact.empty() ? artifact : config.media_type);
}

void check_layer_type(const std::string& type) {
  if (is_layer_type(type)) return;
  if (type.contains("+encrypted")) throw unsupported("its layers are encrypted, and there is no key for them here");
  if (type.starts_with("application/vnd.in-toto")) refuse_artifact(type);
  throw unsupported("it has a layer of type " + text::quoted(type) + ", which is not part of a root file system");
}

Manifest read_manifest(const json::Value& value) {
  const auto* const config = object_field(value, "config");
  const auto layers = objects_field(value, "layers");
  if (config == nullptr || !layers) {
    const auto artifact = field<std::string>(value, "artifactType").value_or("");
    if (!artifact.empty()) refuse_artifact(artifact);
    throw Error(Errc::kCorrupt, "it names no configuration or no layers");
  }
  Manifest manifest{.config = descriptor_of(*config), .layers = {}};
  check_config_type(value, manifest.config);
  if (manifest.config.size > kLargestConfig) {
    throw Error(Errc::kLimitExceeded, "the configuration is said to be larger than 4 MiB");
  }
  check_layer_count(layers->size());
  for (const auto* const layer : *layers) {
    manifest.layers.push_back(descriptor_of(*layer));
    check_layer_type(manifest.layers.back().media_type);
  }
  return manifest;
}

// What the configuration leaves out contradicts nothing.
void check_platform(const Platform& said, const Wanted& wanted) {
  const Platform full{.os = said.os.empty() ? wanted.platform.os : said.os,
                      .architecture = said.architecture.empty() ? wanted.platform.architecture : said.architecture,
                      .variant = said.variant};
  if (wanted.asked_for || wanted.rank(full)) return;
  const auto name = text::printable(full.str());
  throw Error(Errc::kNotSupported, "the image is for " + name + ", not for " + wanted.platform.str() +
                                       "; ask for that platform to import it all the same");
}

}  // namespace

std::vector<std::string_view> accepted_media_types() { return {kOciManifest, kOciIndex, kDockerManifest, kDockerList}; }

bool is_index_type(std::string_view media_type) { return media_type == kOciIndex || media_type == kDockerList; }

bool is_manifest_type(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}

bool is_index(const std::string& bytes) {
  const std::string what = "the image's manifest";
  const auto value = document(bytes, what);
  const auto type = field<std::string>(value, "mediaType").value_or("");
  const bool lists = value.contains("manifests");
  const bool has_layers = value.contains("layers") || value.contains("config");
  if (lists && has_layers) throw Error(Errc::kCorrupt, what + " is that of one image and a list of several at once");
  if (!lists && !has_layers) {
    const auto artifact = field<std::string>(value, "artifactType").value_or("");
    if (!artifact.empty()) refuse_artifact(artifact);
    throw Error(Errc::kCorrupt, what + " has neither layers nor a list of manifests");
  }
  if (lists ? is_manifest_type(type) : is_index_type(type)) {
    throw Error(Errc::kCorrupt, what + " is not what its media type " + text::quoted(type) + " says");
  }
  return lists;
}

Manifest parse_manifest(const std::string& bytes) {
  const auto value = document(bytes, "the image's manifest");
  return while_doing("reading the image's manifest", [&] { return read_manifest(value); });
}

std::vector<Descriptor> parse_index(const std::string& bytes) {
  const auto value = document(bytes, "the image's index");
  return while_doing("reading the image's index", [&] {
    const auto entries = objects_field(value, "manifests");
    if (!entries) throw Error(Errc::kCorrupt, "it has no list of manifests");
    std::vector<Descriptor> index;
    for (const auto* const entry : *entries) index.push_back(descriptor_of(*entry));
    return index;
  });
}

void check_layer_count(std::size_t count) {
  if (count == 0) throw unsupported("the image has no layers");
  if (count <= kMostLayers) return;
  throw Error(Errc::kNotSupported, "the image has " + std::to_string(count) + " layers, and no more than " +
                                       std::to_string(kMostLayers) + " can be stacked");
}

Image make_image(std::string reference, Digest manifest_digest, const Manifest& manifest, std::string config,
                 const Wanted& wanted) {
  const auto parsed = parse_config(config);
  if (parsed.diff_ids.size() != manifest.layers.size()) {
    throw Error(Errc::kCorrupt, "the image's manifest has " + std::to_string(manifest.layers.size()) +
                                    " layers, and its configuration " + std::to_string(parsed.diff_ids.size()));
  }
  check_platform(parsed.platform, wanted);
  auto platform = wanted.platform;
  if (!parsed.platform.os.empty() && !parsed.platform.architecture.empty()) {
    platform = while_doing("reading the image's configuration", [&] {
      try {
        return Platform::parse(parsed.platform.str());
      } catch (const Error& error) {
        throw Error(Errc::kCorrupt, error.message());
      }
    });
  }
  Image image{.reference = std::move(reference),
              .manifest = std::move(manifest_digest),
              .platform = std::move(platform),
              .config = std::move(config),
              .layers = {}};
  std::string chain;
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    chain = chain_id(chain, parsed.diff_ids[i]);
    image.layers.push_back({.blob = manifest.layers[i].digest,
                            .size = manifest.layers[i].size,
                            .diff_id = parsed.diff_ids[i],
                            .chain_id = chain});
  }
  return image;
}

}  // namespace sdme::oci
