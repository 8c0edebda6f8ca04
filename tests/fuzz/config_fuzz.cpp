// SPDX-License-Identifier: MIT
// The configuration of an image, or the image as one of our processes hands it to another.
#include "oci/config.hpp"

#include "harness.hpp"
#include "oci/image.hpp"

namespace sdme::test {

namespace {

void check_image(const std::string& bytes) {
  const auto image = oci::Image::from_json(json::parse(bytes, "image"));
  require(!image.layers.empty() && image.layers.size() <= oci::kMostLayers, "a wrong number of layers");
  for (const auto& layer : image.layers) require(layer.chain_id.size() == 64, "a chain id", layer.chain_id);
  require(is_printable(image.platform.str()), "a platform", image.platform.str());
  const auto text = image.to_json().dump();
  const auto again = accepted([&] { return oci::Image::from_json(json::parse(text, "image")); });
  require(again.to_json().dump() == text, "read differently the second time");
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme;
  const std::string text(test::text_of(bytes, count));
  test::attempt([&] { oci::parse_config(text); });
  test::attempt([&] { test::check_image(text); });
  return 0;
}
