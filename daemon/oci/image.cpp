// SPDX-License-Identifier: MIT
#include "oci/image.hpp"

#include "base/error.hpp"
#include "oci/config.hpp"
#include "oci/fields.hpp"

namespace sdme::oci {

std::string chain_id(const std::string& below, const Digest& diff_id) {
  if (below.empty()) return std::string(diff_id.hex());
  return std::string(Digest::of("sha256:" + below + " " + diff_id.str()).hex());
}

json::Value Image::to_json() const {
  auto list = json::Value::array();
  for (const auto& layer : layers) list.push_back({{"blob", layer.blob.str()}, {"size", layer.size}});
  return {{"reference", reference},
          {"manifest", manifest.str()},
          {"platform", platform.str()},
          {"config", config},
          {"layers", std::move(list)}};
}

Image Image::from_json(const json::Value& value) {
  Image image{.reference = json::get<std::string>(value, "reference"),
              .manifest = Digest::parse(json::get<std::string>(value, "manifest")),
              .platform = Platform::parse(json::get<std::string>(value, "platform")),
              .config = json::get<std::string>(value, "config"),
              .layers = {}};
  const auto diff_ids = parse_config(image.config).diff_ids;
  const auto layers = objects_field(value, "layers").value_or(std::vector<const json::Value*>{});
  if (layers.empty() || layers.size() > kMostLayers || layers.size() != diff_ids.size()) {
    throw Error(Errc::kCorrupt, "an image's layers are not those of its configuration");
  }
  std::string chain;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    chain = chain_id(chain, diff_ids[i]);
    image.layers.push_back({.blob = Digest::parse(json::get<std::string>(*layers[i], "blob")),
                            .size = json::get<std::uint64_t>(*layers[i], "size"),
                            .diff_id = diff_ids[i],
                            .chain_id = chain});
  }
  return image;
}

}  // namespace sdme::oci
