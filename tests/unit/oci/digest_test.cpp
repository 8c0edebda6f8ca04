// SPDX-License-Identifier: MIT
#include "oci/digest.hpp"

#include "oci/base64.hpp"
#include "oci/hash.hpp"
#include "support/expect_error.hpp"

namespace sdme::oci {

using test::error_of;
using testing::HasSubstr;

constexpr auto kOfNothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, KnowsTwoAlgorithms) {
  const auto digest = Digest::parse(kOfNothing);
  EXPECT_EQ(digest.algorithm(), "sha256");
  EXPECT_EQ(digest.hex(), std::string_view(kOfNothing).substr(7));
  EXPECT_EQ(digest, Digest::sha256(digest.hex()));
  EXPECT_EQ(digest, Digest::of(""));
  EXPECT_EQ(Digest::parse("sha512:" + std::string(128, 'a')).algorithm(), "sha512");
}

TEST(Digest, RefusesWhatCouldNotBeVerified) {
  const std::string hex(64, 'a');
  for (const auto& text :
       {std::string(), hex, "md5:" + std::string(32, 'a'), "blake3:" + hex, "sha256:" + hex + "a",
        "sha256:" + hex.substr(1), "sha256:" + std::string(64, 'A'), "SHA256:" + hex, "sha512:" + hex,
        "sha256:../" + hex.substr(3), "sha256: " + hex.substr(1), "sha256:" + hex.substr(1) + "\n"}) {
    error_of(Errc::kVerificationFailed, [&] { Digest::parse(text); });
  }
}

TEST(Digest, VerifiesSizeAndContent) {
  const auto digest = Digest::of("abc");
  EXPECT_EQ(digest.str(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NO_THROW(digest.verify("abc", 3, "it"));
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { digest.verify("abc", 4, "it"); }), HasSubstr("3 bytes"));
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { digest.verify("abd", 3, "it"); }), HasSubstr("digest"));
}

TEST(Hash, TakesPiecesOfBothAlgorithms) {
  const auto long_one = Digest::parse(
      "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
      "454d4423643ce80e2a9ac94fa54ca49f");
  for (const auto& expected : {Digest::of("abc"), long_one}) {
    Hash hash(expected);
    hash.add(std::string_view("a"));
    hash.add(std::string_view("bc"));
    EXPECT_EQ(hash.finish(), expected);
  }
}

TEST(Base64, IsStrict) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("e30="), "{}");
  EXPECT_EQ(from_base64("YQ=="), "a");
  EXPECT_EQ(from_base64("YWJj"), "abc");
  EXPECT_EQ(from_base64("AP8="), std::string("\0\xff", 2));
  for (const auto* const text : {"e30", "e3 =", "e30=\n", " e30=", "====", "=", "Y===", "YW=j", "-_-_"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace sdme::oci
