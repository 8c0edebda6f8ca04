// SPDX-License-Identifier: MIT
#include "image/link_source.hpp"

#include <utility>

namespace sdme::image {

void LinkSource::want(const std::vector<std::size_t>& layers) {
  to_come_ = layers.size();
  link_.want(layers);
}

std::optional<LayerSource::Arriving> LinkSource::next() {
  if (to_come_ == 0) return std::nullopt;
  --to_come_;
  auto layer = link_.next_layer();
  return Arriving{layer.number, archive::Input(std::move(layer.bytes))};
}

}  // namespace sdme::image
