// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "image/archive_names.hpp"
#include "image/archived_image.hpp"
#include "oci/config.hpp"
#include "oci/manifest.hpp"

// What `docker save` writes, and others with it: manifest.json lists images, each with the name of its
// configuration and of its layers, all in the same archive.
namespace sdme::image {

namespace {

struct Saved {
  std::string config;
  std::vector<std::string> layers;
  std::vector<std::string> tags;
};

std::vector<std::string> strings(const json::Value& image, std::string_view key) {
  const auto found = image.find(key);
  if (found == image.end() || found->is_null()) return {};
  return json::get<std::vector<std::string>>(image, key);
}

std::vector<Saved> saved_images(const ArchiveIndex& archive) {
  const std::string what = "the file manifest.json of the archive";
  const auto text = archive.read(archive.find(kManifestName, what), oci::kLargestManifest, what);
  const auto list = json::parse_list(text, what);
  return while_doing("reading " + what, [&] {
    std::vector<Saved> images;
    for (const auto& image : list) {
      if (!image.is_object()) throw Error(Errc::kCorrupt, "it is not a list of images");
      images.push_back({.config = json::get<std::string>(image, "Config"),
                        .layers = json::get<std::vector<std::string>>(image, "Layers"),
                        .tags = strings(image, "RepoTags")});
    }
    return images;
  });
}

std::string plain(const std::string& name) {
  if (const auto plain = plain_name(name)) return *plain;
  throw Error(Errc::kCorrupt, "the archive has an image with a part " + text::quoted(name) + " outside of it");
}

// The part's digest, where its name is made of it: "HEX.json", "blobs/sha256/HEX". Docker's "HEX/layer.tar"
// is named by something else.
std::optional<oci::Digest> digest_in(const std::string& name) {
  constexpr std::string_view kBlobs = "blobs/sha256/";
  constexpr std::string_view kJson = ".json";
  std::string_view hex = name;
  if (hex.starts_with(kBlobs)) {
    hex.remove_prefix(kBlobs.size());
  } else if (hex.ends_with(kJson)) {
    hex.remove_suffix(kJson.size());
  } else {
    return std::nullopt;
  }
  constexpr std::size_t kDigits = 64;
  if (hex.size() != kDigits || hex.contains('/')) return std::nullopt;
  return oci::Digest::sha256(hex);
}

// "debian:13" is what Docker shows for "docker.io/library/debian:13".
bool is_meant(const Saved& image, const std::string& tag) {
  return std::ranges::any_of(image.tags, [&](const auto& name) { return name == tag || name.ends_with("/" + tag); }) ||
         plain(image.config) == tag || (digest_in(plain(image.config)) && digest_in(plain(image.config))->str() == tag);
}

std::vector<std::string> names_of(const std::vector<Saved>& images) {
  std::vector<std::string> names;
  for (const auto& image : images) {
    if (image.tags.empty()) names.push_back(plain(image.config));
    std::ranges::copy(image.tags, std::back_inserter(names));
  }
  return names;
}

Saved choose(std::vector<Saved> images, const std::string& tag) {
  const auto all = names_of(images);
  if (!tag.empty()) std::erase_if(images, [&](const auto& image) { return !is_meant(image, tag); });
  if (images.empty()) throw_none(tag, all);
  if (images.size() > 1) throw_several(all);
  return std::move(images.front());
}

}  // namespace

ArchivedImage image_of_docker_save(const ArchiveIndex& archive, const Choice& choice) {
  const auto saved = choose(saved_images(archive), choice.tag);
  const std::string what = "the image's configuration";
  const auto config_name = plain(saved.config);
  auto config = archive.read(archive.find(config_name, what), oci::kLargestConfig, what);
  const auto id = digest_in(config_name).value_or(oci::Digest::of(config));
  id.verify(config, config.size(), what);

  const auto diff_ids = oci::parse_config(config).diff_ids;
  oci::Manifest manifest{.config = {.media_type = "", .digest = id, .size = config.size()}, .layers = {}};
  std::vector<ArchivedImage::Blob> layers;
  for (std::size_t i = 0; i < saved.layers.size(); ++i) {
    if (i >= diff_ids.size()) break;  // make_image() says so
    const auto name = plain(saved.layers[i]);
    const auto part = archive.find(name, "the layer " + text::quoted(name));
    layers.push_back({.part = part, .digest = digest_in(name)});
    manifest.layers.push_back(
        {.media_type = "", .digest = layers.back().digest.value_or(diff_ids[i]), .size = part.size});
  }
  if (saved.layers.size() != diff_ids.size()) {
    throw Error(Errc::kCorrupt, "the image has " + std::to_string(saved.layers.size()) +
                                    " layers in the archive, and its configuration " + std::to_string(diff_ids.size()));
  }
  oci::check_layer_count(manifest.layers.size());
  const auto tag = saved.tags.empty() ? std::string() : text::printable(saved.tags.front());
  return {.image = oci::make_image(tag, id, manifest, std::move(config), choice.wanted), .layers = std::move(layers)};
}

}  // namespace sdme::image
