// SPDX-License-Identifier: MIT
#include "oci/manifest.hpp"

#include "oci/documents.hpp"
#include "support/expect_error.hpp"

namespace sdme::oci {

using test::error_of;
using testing::HasSubstr;

class ManifestTest : public testing::Test {
 protected:
  std::string without(const std::string& key) {
    auto changed = manifest_;
    changed.erase(key);
    return changed.dump();
  }
  std::string with(const json::Value& patch) {
    auto changed = manifest_;
    changed.merge_patch(patch);
    return changed.dump();
  }
  std::string with_layer(const json::Value& patch) {
    auto changed = manifest_;
    changed["layers"][0].merge_patch(patch);
    return changed.dump();
  }
  Image made(const json::Value& config, const std::string& platform = "") {
    auto wanted = Wanted::of_request(platform.empty() ? "linux/amd64" : platform);
    wanted.asked_for = !platform.empty();
    return make_image("x", Digest::of("m"), parse_manifest(manifest_.dump()), config.dump(), wanted);
  }

  test::Blobs blobs_;
  json::Value config_ = test::config_of({"a", "b"});
  json::Value manifest_ = test::manifest_of(blobs_, config_, {"a", "b"});
};

TEST_F(ManifestTest, ReadsBothFamilies) {
  EXPECT_FALSE(is_index(manifest_.dump()));
  const auto oci = parse_manifest(manifest_.dump());
  ASSERT_EQ(oci.layers.size(), 2U);
  EXPECT_EQ(oci.layers[1].digest, Digest::of("b"));
  EXPECT_EQ(oci.layers[1].size, 1U);
  for (const auto* const kind : {".tar.gzip", ".tar", ".tar.zstd"}) {
    EXPECT_NO_THROW(
        parse_manifest(with_layer({{"mediaType", "application/vnd.docker.image.rootfs.diff" + std::string(kind)}})));
  }
  for (const auto* const kind : {"tar", "tar+zstd"}) {
    EXPECT_NO_THROW(
        parse_manifest(with_layer({{"mediaType", "application/vnd.oci.image.layer.v1." + std::string(kind)}})));
  }
  EXPECT_NO_THROW(
      parse_manifest(with({{"mediaType", "application/vnd.docker.distribution.manifest.v2+json"},
                           {"config", {{"mediaType", "application/vnd.docker.container.image.v1+json"}}}})));
}

TEST_F(ManifestTest, NeedsNoMediaTypeAndTakesMoreFields) {
  EXPECT_FALSE(is_index(without("mediaType")));
  EXPECT_NO_THROW(parse_manifest(without("mediaType")));
  EXPECT_NO_THROW(parse_manifest(with({{"subject", {{"x", 1}}}, {"annotations", {{"a", "b"}}}, {"new", {1, 2}}})));
  EXPECT_NO_THROW(parse_manifest(with({{"artifactType", "application/x"}})));  // with an image's configuration
}

TEST_F(ManifestTest, RefusesWhatIsTwoThingsOrNone) {
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { is_index(with({{"manifests", json::Value::array()}})); }),
              HasSubstr("at once"));
  error_of(Errc::kCorrupt, [] { is_index(R"({"schemaVersion": 2})"); });
  error_of(Errc::kCorrupt, [&] { is_index(with({{"mediaType", test::kIndexType}})); });
  error_of(Errc::kCorrupt, [&] { is_index(manifest_.dump() + "x"); });
  const auto text = manifest_.dump();
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse_manifest("{\"layers\":[]," + text.substr(1)); }),
              HasSubstr("twice"));
  error_of(Errc::kLimitExceeded, [&] { is_index(text + std::string(kLargestManifest, ' ')); });
}

TEST_F(ManifestTest, RefusesSchemaOne) {
  for (const auto& text : {with({{"schemaVersion", 1}}), with({{"fsLayers", json::Value::array()}}),
                           with({{"mediaType", "application/vnd.docker.distribution.manifest.v1+prettyjws"}})}) {
    EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { is_index(text); }), HasSubstr("schema 1"));
  }
  error_of(Errc::kUnsupportedFormat, [&] { is_index(without("schemaVersion")); });
  error_of(Errc::kUnsupportedFormat, [&] { is_index(with({{"schemaVersion", 3}})); });
}

TEST_F(ManifestTest, RefusesArtifactsWithTheirType) {
  for (const auto* const type : {"application/vnd.cncf.helm.config.v1+json", "application/vnd.wasm.config.v0+json",
                                 "application/vnd.docker.plugin.v1+json", "application/octet-stream"}) {
    EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { parse_manifest(with({{"config", {{"mediaType", type}}}})); }),
                HasSubstr(type));
  }
  const auto empty =
      with({{"config", {{"mediaType", "application/vnd.oci.empty.v1+json"}}}, {"artifactType", "text/x"}});
  EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { parse_manifest(empty); }), HasSubstr("text/x"));
  error_of(Errc::kUnsupportedFormat,
           [&] { parse_manifest(with_layer({{"mediaType", "application/vnd.in-toto+json"}})); });
  EXPECT_THAT(
      error_of(Errc::kUnsupportedFormat,
               [&] { parse_manifest(with_layer({{"mediaType", std::string(test::kLayerType) + "+encrypted"}})); }),
      HasSubstr("encrypted"));
  error_of(Errc::kUnsupportedFormat, [&] { parse_manifest(with_layer({{"mediaType", "text/\x1b[2J"}})); });
  error_of(Errc::kUnsupportedFormat,
           [] { is_index(R"({"schemaVersion": 2, "artifactType": "text/x", "blobs": []})"); });
}

TEST_F(ManifestTest, ChecksDescriptors) {
  error_of(Errc::kCorrupt, [&] { parse_manifest(with_layer({{"size", -1}})); });
  error_of(Errc::kCorrupt, [&] { parse_manifest(with_layer({{"size", 1.5}})); });
  error_of(Errc::kCorrupt, [&] { parse_manifest(with_layer({{"size", nullptr}})); });
  error_of(Errc::kLimitExceeded, [&] { parse_manifest(with_layer({{"size", UINT64_MAX}})); });
  error_of(Errc::kLimitExceeded, [&] { parse_manifest(with({{"config", {{"size", kLargestConfig + 1}}}})); });
  error_of(Errc::kVerificationFailed, [&] { parse_manifest(with_layer({{"digest", "md5:" + std::string(32, 'a')}})); });
  error_of(Errc::kVerificationFailed,
           [&] { parse_manifest(with_layer({{"digest", "sha256:" + std::string(64, 'A')}})); });
  error_of(Errc::kCorrupt, [&] { parse_manifest(with({{"layers", {1, 2}}})); });
  error_of(Errc::kCorrupt, [&] { parse_manifest(with({{"config", "x"}})); });
}

TEST_F(ManifestTest, KeepsUrlsAndEmbeddedBytes) {
  const auto foreign =
      parse_manifest(with_layer({{"mediaType", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
                                 {"urls", {"https://example.org/x"}}}));
  EXPECT_THAT(foreign.layers[0].urls, testing::ElementsAre("https://example.org/x"));
  EXPECT_EQ(parse_manifest(with_layer({{"data", "YQ=="}})).layers[0].data, "a");
  error_of(Errc::kVerificationFailed, [&] { parse_manifest(with_layer({{"data", "Yg=="}})); });
  error_of(Errc::kVerificationFailed, [&] { parse_manifest(with_layer({{"data", "YWE="}})); });
  error_of(Errc::kCorrupt, [&] { parse_manifest(with_layer({{"data", "Y"}})); });
}

TEST_F(ManifestTest, BoundsTheLayers) {
  auto many = manifest_;
  while (many["layers"].size() < 300) many["layers"].push_back(many["layers"][0]);
  EXPECT_EQ(parse_manifest(many.dump()).layers.size(), 300U);
  while (many["layers"].size() <= kMostLayers) many["layers"].push_back(many["layers"][0]);
  error_of(Errc::kNotSupported, [&] { parse_manifest(many.dump()); });
  many["layers"] = json::Value::array();
  error_of(Errc::kUnsupportedFormat, [&] { parse_manifest(many.dump()); });
}

TEST_F(ManifestTest, MakesAnImage) {
  const auto image = made(config_);
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.platform.str(), "linux/amd64");
  EXPECT_EQ(image.layers[0].chain_id, Digest::of("a").hex());
  EXPECT_EQ(image.layers[1].chain_id, chain_id(image.layers[0].chain_id, Digest::of("b")));
  error_of(Errc::kCorrupt, [&] { made(test::config_of({"a"})); });
  error_of(Errc::kCorrupt, [&] { made(test::config_of({"a", "b", "c"})); });
  error_of(Errc::kCorrupt, [&] { made({{"rootfs", {{"type", "other"}}}}); });
}

TEST_F(ManifestTest, HoldsTheConfigurationToThePlatform) {
  const auto other = test::config_of({"a", "b"}, "arm64");
  EXPECT_THAT(error_of(Errc::kNotSupported, [&] { made(other); }), HasSubstr("linux/arm64"));
  EXPECT_EQ(made(other, "linux/amd64").platform.str(), "linux/arm64");
  auto silent = config_;
  silent.erase("architecture");
  EXPECT_EQ(made(silent).platform.str(), "linux/amd64");
  error_of(Errc::kCorrupt, [&] { made(test::config_of({"a", "b"}, "a\x1b[2J"), "linux/amd64"); });
}

}  // namespace sdme::oci
