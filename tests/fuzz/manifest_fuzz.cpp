// SPDX-License-Identifier: MIT
// A manifest or an index, and after a NUL the configuration that goes with it.
#include "oci/manifest.hpp"

#include "harness.hpp"
#include "oci/resolve.hpp"

namespace sdme::test {

namespace {

void check(const oci::Descriptor& descriptor) {
  require(descriptor.size <= oci::kLargestLayer, "larger than a layer", descriptor.media_type);
  require(descriptor.data.empty() || descriptor.data.size() == descriptor.size, "not the size of what is embedded");
}

void check_index(const std::string& bytes) {
  const auto index = oci::parse_index(bytes);
  for (const auto& entry : index) check(entry);
  const auto wanted = oci::Wanted::of_request("");
  require(oci::candidates(index, wanted).size() <= index.size(), "more candidates than entries");
}

void check_manifest(const std::string& bytes, const std::string& config) {
  const auto manifest = oci::parse_manifest(bytes);
  check(manifest.config);
  for (const auto& layer : manifest.layers) check(layer);
  const auto image =
      oci::make_image("", oci::Digest::of(bytes), manifest, config, oci::Wanted::of_request("linux/amd64"));
  require(image.layers.size() == manifest.layers.size() && image.layers.size() <= oci::kMostLayers, "lost a layer");
  require(is_printable(image.platform.str()), "a platform", image.platform.str());
  const auto text = image.to_json().dump();
  require(text.size() <= oci::kLargestImage, "longer than an image is");
  const auto again = accepted([&] { return oci::Image::from_json(json::parse(text, "image")); });
  require(again.to_json().dump() == text, "read differently the second time");
}

// As after a pull by tag: what the documents name is not there.
void resolve(const std::string& bytes) {
  const oci::Descriptor root{.media_type = "", .digest = oci::Digest::of(bytes), .size = bytes.size(), .data = bytes};
  oci::resolve("it", root, oci::Wanted::of_request(""),
               [](const oci::Descriptor& descriptor) { return descriptor.data; });
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme;
  const auto text = test::text_of(bytes, count);
  const auto end = text.find('\0');
  const std::string document(text.substr(0, end));
  const std::string config(end == std::string_view::npos ? "" : text.substr(end + 1));
  test::attempt([&] { oci::is_index(document); });
  test::attempt([&] { test::check_index(document); });
  test::attempt([&] { test::check_manifest(document, config); });
  test::attempt([&] { test::resolve(document); });
  return 0;
}
