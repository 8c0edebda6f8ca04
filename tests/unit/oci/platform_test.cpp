// SPDX-License-Identifier: MIT
#include "oci/platform.hpp"

#include "support/expect_error.hpp"

namespace sdme::oci {

using test::error_of;

std::optional<int> rank(const std::string& wanted, const std::string& offered) {
  return Wanted::of_request(wanted).rank(Platform::parse(offered));
}

TEST(Platform, ReadsItsWords) {
  EXPECT_EQ(Platform::parse("linux/amd64").str(), "linux/amd64");
  EXPECT_EQ(Platform::parse("linux/arm/v7").variant, "v7");
  EXPECT_EQ(Platform::parse("linux/x86_64").architecture, "amd64");
  EXPECT_EQ(Platform::parse("linux/armhf").str(), "linux/arm/v7");
  EXPECT_EQ(Platform::parse("linux/aarch64/v8").str(), "linux/arm64");
  for (const auto* const text : {"", "linux", "linux/", "/amd64", "linux/amd64/", "linux/amd64/v1/x", "Linux/amd64",
                                 "linux/amd 64", "linux/a\x1b"}) {
    error_of(Errc::kInvalidArgument, [&] { Platform::parse(text); });
  }
}

TEST(Platform, KnowsThisHost) {
  const auto host = Platform::of_host();
  EXPECT_EQ(host.os, "linux");
  EXPECT_EQ(Platform::parse(host.str()), host);
  EXPECT_EQ(Wanted::of_request("").platform, host);
  EXPECT_FALSE(Wanted::of_request("").asked_for);
  EXPECT_TRUE(Wanted::of_request(host.str()).asked_for);
}

TEST(Platform, RanksVariantsOfArm) {
  EXPECT_EQ(rank("linux/arm/v7", "linux/arm/v7"), 0);
  EXPECT_LT(rank("linux/arm/v7", "linux/arm/v6"), rank("linux/arm/v7", "linux/arm/v5"));
  EXPECT_LT(rank("linux/arm/v7", "linux/arm/v5"), rank("linux/arm/v7", "linux/arm"));
  EXPECT_EQ(rank("linux/arm/v7", "linux/arm/v8"), std::nullopt);
  EXPECT_EQ(rank("linux/arm/v7", "linux/arm/v4"), std::nullopt);
  EXPECT_TRUE(rank("linux/arm", "linux/arm/v7"));
  EXPECT_EQ(rank("linux/arm64", "linux/arm64/v8"), 0);
  EXPECT_EQ(rank("linux/arm64", "linux/arm64/v9"), std::nullopt);
  EXPECT_TRUE(rank("linux/arm64/v9", "linux/arm64"));
}

TEST(Platform, RanksLevelsOfAmd64) {
  EXPECT_EQ(rank("linux/amd64", "linux/amd64"), 0);
  EXPECT_GT(rank("linux/amd64", "linux/amd64/v1"), 0);
  EXPECT_EQ(rank("linux/amd64", "linux/amd64/v9"), std::nullopt);
  EXPECT_EQ(rank("linux/amd64", "linux/amd64/odd"), std::nullopt);
#if defined(__x86_64__)
  const bool has_v3 = __builtin_cpu_supports("x86-64-v3") != 0;
  EXPECT_EQ(rank("linux/amd64", "linux/amd64/v3").has_value(), has_v3);
#endif
  EXPECT_EQ(rank("linux/amd64/v3", "linux/amd64/v3"), 0);
  EXPECT_LT(rank("linux/amd64/v3", "linux/amd64/v2"), rank("linux/amd64/v3", "linux/amd64"));
  EXPECT_EQ(rank("linux/amd64/v3", "linux/amd64/v4"), std::nullopt);
}

TEST(Platform, NeverTakesAnotherSystem) {
  EXPECT_EQ(rank("linux/amd64", "windows/amd64"), std::nullopt);
  EXPECT_EQ(rank("linux/amd64", "linux/arm64"), std::nullopt);
  EXPECT_EQ(Wanted::of_request("").rank({.os = "unknown", .architecture = "unknown", .variant = ""}), std::nullopt);
  EXPECT_EQ(rank("linux/riscv64", "linux/riscv64/rva23"), std::nullopt);
}

}  // namespace sdme::oci
