// SPDX-License-Identifier: MIT
#include "oci/resolve.hpp"

#include "oci/documents.hpp"
#include "support/expect_error.hpp"

namespace sdme::oci {

using test::error_of;
using testing::HasSubstr;

class Resolve : public testing::Test {
 protected:
  // An image whose only layer is called as its architecture.
  json::Value image(const std::string& architecture, const std::string& platform = "") {
    auto config = test::config_of({architecture}, architecture);
    auto entry = blobs_.add(test::manifest_of(blobs_, config, {architecture}).dump(), test::kManifestType);
    if (!platform.empty()) entry["platform"] = platform_of(platform);
    return entry;
  }
  static json::Value platform_of(const std::string& text) {
    const auto platform = Platform::parse(text);
    json::Value value = {{"os", platform.os}, {"architecture", platform.architecture}};
    if (!platform.variant.empty()) value["variant"] = platform.variant;
    return value;
  }
  json::Value index(const std::vector<json::Value>& entries) {
    return blobs_.add(test::index_of(entries).dump(), test::kIndexType);
  }
  static Descriptor described(const json::Value& entry) { return parse_index(test::index_of({entry}).dump()).front(); }

  Resolved found(const json::Value& root, const std::string& platform, bool asked_for = false) {
    auto wanted = Wanted::of_request(platform);
    wanted.asked_for = asked_for;
    return resolve("ref", described(root), wanted, [this](const Descriptor& descriptor) {
      ++reads_;
      const auto blob = blobs_.by_digest.find(descriptor.digest.str());
      if (blob == blobs_.by_digest.end()) throw Error(Errc::kNotFound, "no such blob");
      return blob->second;
    });
  }
  Digest layer(const json::Value& root, const std::string& platform) {
    return found(root, platform).manifest.layers[0].digest;
  }

  test::Blobs blobs_;
  int reads_ = 0;
};

TEST_F(Resolve, FindsASingleManifest) {
  const auto root = image("amd64");
  const auto result = found(root, "linux/amd64");
  EXPECT_EQ(result.image.reference, "ref");
  EXPECT_EQ(result.image.manifest.str(), root["digest"].get<std::string>());
  EXPECT_EQ(reads_, 2);
  EXPECT_THAT(error_of(Errc::kNotSupported, [&] { found(root, "linux/arm64"); }), HasSubstr("linux/amd64"));
  EXPECT_NO_THROW(found(root, "linux/arm64", true));
}

TEST_F(Resolve, ChoosesByPlatform) {
  const auto root =
      index({image("arm64", "linux/arm64"), image("amd64", "windows/amd64"), image("amd64", "linux/amd64")});
  EXPECT_EQ(layer(root, "linux/amd64"), Digest::of("amd64"));
  EXPECT_EQ(layer(root, "linux/arm64"), Digest::of("arm64"));
  const auto message = error_of(Errc::kNotFound, [&] { found(root, "linux/s390x"); });
  EXPECT_THAT(message, HasSubstr("linux/s390x"));
  EXPECT_THAT(message, HasSubstr("linux/amd64, linux/arm64, windows/amd64"));
}

TEST_F(Resolve, PrefersTheBaseline) {
  auto v1 = image("amd64", "linux/amd64");
  v1["platform"]["variant"] = "v1";
  auto v4 = image("arm64", "linux/amd64");
  v4["platform"]["variant"] = "v4";
  EXPECT_EQ(layer(index({v4, v1}), "linux/amd64"), Digest::of("amd64"));
}

TEST_F(Resolve, SkipsWhatIsNoImage) {
  auto attestation = image("arm64");
  attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
  auto artifact = image("arm64");
  artifact["mediaType"] = "application/vnd.example+json";
  EXPECT_EQ(layer(index({attestation, artifact, image("amd64")}), "linux/amd64"), Digest::of("amd64"));
  error_of(Errc::kNotFound, [&] { found(index({attestation, artifact}), "linux/amd64"); });
  error_of(Errc::kNotFound, [&] { found(index({}), "linux/amd64"); });
}

TEST_F(Resolve, TriesWhatSaysNoPlatformLast) {
  EXPECT_EQ(layer(index({image("arm64"), image("amd64")}), "linux/amd64"), Digest::of("amd64"));
  EXPECT_EQ(layer(index({image("s390x"), image("amd64", "linux/amd64")}), "linux/amd64"), Digest::of("amd64"));
  error_of(Errc::kNotFound, [&] { found(index({image("arm64"), image("s390x")}), "linux/amd64", true); });
  error_of(Errc::kNotSupported, [&] { found(index({image("arm64")}), "linux/amd64"); });
  EXPECT_NO_THROW(found(index({image("arm64")}), "linux/amd64", true));
}

TEST_F(Resolve, GoesThroughNestedIndexes) {
  auto nested = image("amd64", "linux/amd64");
  for (int depth = 1; depth <= kDeepestIndex; ++depth) nested = index({nested});
  EXPECT_EQ(layer(nested, "linux/amd64"), Digest::of("amd64"));
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { layer(index({nested}), "linux/amd64"); }), HasSubstr("deeper"));
  EXPECT_EQ(
      layer(index({index({image("arm64", "linux/arm64")}), index({image("amd64", "linux/amd64")})}), "linux/amd64"),
      Digest::of("amd64"));
}

TEST_F(Resolve, ReadsABoundedNumber) {
  std::vector<json::Value> many;
  for (int i = 0; i <= kMostDocuments; ++i) many.push_back(image("x" + std::to_string(i)));
  error_of(Errc::kLimitExceeded, [&] { found(index(many), "linux/amd64"); });
  auto large = image("amd64");
  large["size"] = kLargestManifest + 1;
  error_of(Errc::kLimitExceeded, [&] { found(large, "linux/amd64"); });
}

TEST_F(Resolve, VerifiesAllItReads) {
  for (const auto* const changed : {"manifest", "config", "size"}) {
    blobs_ = {};
    auto root = image("amd64");
    auto& document = blobs_.by_digest[root["digest"].get<std::string>()];
    const auto config = json::parse(document, "manifest")["config"]["digest"].get<std::string>();
    if (changed == std::string("manifest")) document.back() = ' ';
    if (changed == std::string("config")) blobs_.by_digest[config].back() = ' ';
    if (changed == std::string("size")) root["size"] = root["size"].get<std::uint64_t>() + 1;
    error_of(Errc::kVerificationFailed, [&] { found(root, "linux/amd64"); });
  }
}

TEST_F(Resolve, HoldsDocumentsToTheirTypes) {
  auto root = image("amd64");
  root["mediaType"] = test::kIndexType;
  error_of(Errc::kCorrupt, [&] { found(root, "linux/amd64"); });
  root["mediaType"] = "";
  EXPECT_NO_THROW(found(root, "linux/amd64"));
  auto list = index({root});
  list["mediaType"] = test::kManifestType;
  error_of(Errc::kCorrupt, [&] { found(list, "linux/amd64"); });
}

TEST_F(Resolve, TakesWhatIsEmbedded) {
  auto config = test::config_of({"a"});
  auto manifest = test::manifest_of(blobs_, config, {"a"});
  auto root = described(blobs_.add(manifest.dump(), test::kManifestType));
  root.data = manifest.dump();
  const auto result =
      resolve("", root, Wanted::of_request("linux/amd64"), [&](const Descriptor&) { return config.dump(); });
  EXPECT_EQ(result.image.layers.size(), 1U);
}

}  // namespace sdme::oci
