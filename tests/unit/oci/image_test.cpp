// SPDX-License-Identifier: MIT
#include "oci/image.hpp"

#include "oci/config.hpp"
#include "oci/documents.hpp"
#include "support/expect_error.hpp"

namespace sdme::oci {

using test::error_of;
using testing::HasSubstr;

// As `umoci` and the specification have it.
TEST(ChainId, IsThatOfTheSpecification) {
  const auto a = Digest::of("a");
  const auto b = Digest::of("b");
  const auto first = chain_id("", a);
  EXPECT_EQ(first, a.hex());
  EXPECT_EQ(chain_id(first, b), Digest::of(a.str() + " " + b.str()).hex());
}

TEST(Config, TakesNullForAbsent) {
  const auto config = parse_config(R"({"os": null, "config": null, "history": null, "more": {"x": [1]},
      "rootfs": {"type": "layers", "diff_ids": null}})");
  EXPECT_EQ(config.platform, Platform{});
  EXPECT_TRUE(config.diff_ids.empty());
}

TEST(Config, RefusesWhatItCannotVerify) {
  const auto with = [](const std::string& rootfs) { return R"({"os": "linux", "rootfs": )" + rootfs + "}"; };
  for (const auto& text : {with("null"), with("[]"), with("{}"), with(R"({"type": "windows", "diff_ids": []})"),
                           with(R"({"type": "layers", "diff_ids": "x"})"), with(R"({"type": "layers"}, "rootfs": {})"),
                           std::string(R"({"os": 1, "rootfs": {"type": "layers"}})"), std::string("[]")}) {
    error_of(Errc::kCorrupt, [&] { parse_config(text); });
  }
  error_of(Errc::kVerificationFailed, [&] { parse_config(with(R"({"type": "layers", "diff_ids": ["md5:1"]})")); });
  error_of(Errc::kUnsupportedFormat,
           [&] { parse_config(with(R"({"type": "layers", "diff_ids": ["sha512:)" + std::string(128, 'a') + "\"]}")); });
  error_of(Errc::kLimitExceeded, [&] { parse_config(with("{}") + std::string(kLargestConfig, ' ')); });
}

TEST(Image, GoesThroughJson) {
  const auto config = test::config_of({"a", "b"}).dump();
  const Image image{.reference = "example.org/x:1",
                    .manifest = Digest::of("m"),
                    .platform = Platform::parse("linux/amd64"),
                    .config = config,
                    .layers = {{Digest::of("ca"), 10, Digest::of("a"), chain_id("", Digest::of("a"))},
                               {Digest::of("cb"), 20, Digest::of("b"), ""}}};
  const auto again = Image::from_json(json::parse(image.to_json().dump(), "it"));
  EXPECT_EQ(again.reference, image.reference);
  EXPECT_EQ(again.manifest, image.manifest);
  EXPECT_EQ(again.platform, image.platform);
  EXPECT_EQ(again.config, config);
  ASSERT_EQ(again.layers.size(), 2U);
  EXPECT_EQ(again.layers[1].blob, image.layers[1].blob);
  EXPECT_EQ(again.layers[1].size, 20U);
  EXPECT_EQ(again.layers[1].diff_id, Digest::of("b"));
  EXPECT_EQ(again.layers[1].chain_id, chain_id(image.layers[0].chain_id, Digest::of("b")));

  auto fewer = image.to_json();
  fewer["layers"].erase(1);
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { Image::from_json(fewer); }), HasSubstr("layers"));
  fewer.erase("layers");
  error_of(Errc::kCorrupt, [&] { Image::from_json(fewer); });
}

}  // namespace sdme::oci
