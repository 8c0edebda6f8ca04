// SPDX-License-Identifier: MIT
#pragma once

#include "image/layer_source.hpp"
#include "image/link.hpp"

namespace sdme::image {

// The layers of an image that another unit fetches.
class LinkSource : public LayerSource {
 public:
  // The link outlives it.
  LinkSource(Link& link, oci::Image image) : link_(link), image_(std::move(image)) {}

  const oci::Image& image() const override { return image_; }
  void want(const std::vector<std::size_t>& layers) override;
  bool ready(std::chrono::milliseconds patience) override { return to_come_ == 0 || link_.ready(patience); }
  std::optional<Arriving> next() override;
  void finish() override { link_.wait_done(); }

 private:
  Link& link_;
  const oci::Image image_;
  std::size_t to_come_ = 0;
};

}  // namespace sdme::image
