// SPDX-License-Identifier: MIT
#include "registry/challenge.hpp"

#include <gtest/gtest.h>

namespace sdme::registry {

TEST(Challenge, Bearer) {
  const auto found = parse_challenges(
      R"(Bearer realm="https://auth.example/token?x=1&y=2",service="registry.example",scope="repository:a/b:pull,push")");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].scheme, "bearer");
  EXPECT_EQ(found[0].get("realm"), "https://auth.example/token?x=1&y=2");
  EXPECT_EQ(found[0].get("service"), "registry.example");
  EXPECT_EQ(found[0].get("scope"), "repository:a/b:pull,push");
  EXPECT_EQ(found[0].get("error"), "");
}

TEST(Challenge, CaseAndSpacesAndTokens) {
  const auto found = parse_challenges("BEARER  Realm = \"r\" ,\tSERVICE=s , error=insufficient_scope");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].scheme, "bearer");
  EXPECT_EQ(found[0].get("realm"), "r");
  EXPECT_EQ(found[0].get("service"), "s");
  EXPECT_EQ(found[0].get("error"), "insufficient_scope");
}

TEST(Challenge, SeveralInOneHeader) {
  const auto found = parse_challenges(R"(Negotiate, Basic realm="a, \"b\"", Bearer realm=r, Digest qop="x")");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].scheme, "negotiate");
  EXPECT_EQ(found[1].scheme, "basic");
  EXPECT_EQ(found[1].get("realm"), "a, \"b\"");
  EXPECT_EQ(found[2].scheme, "bearer");
  EXPECT_EQ(found[2].get("realm"), "r");
  EXPECT_EQ(found[3].scheme, "digest");
}

TEST(Challenge, CredentialsOfOtherSchemes) {
  const auto found = parse_challenges("Negotiate YWJj==, Basic realm=x");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].scheme, "basic");
  EXPECT_EQ(found[1].get("realm"), "x");
}

TEST(Challenge, WhatIsMalformedEndsIt) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=x").empty());
  EXPECT_TRUE(parse_challenges("realm=x").empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"unclosed").size(), 1U);
  EXPECT_EQ(parse_challenges("Bearer realm=\"unclosed").at(0).get("realm"), "");
  EXPECT_EQ(parse_challenges("Bearer realm=\"a\\").at(0).get("realm"), "");
  EXPECT_EQ(parse_challenges("Bearer realm=\"a\" garbage here").size(), 1U);
  EXPECT_EQ(parse_challenges("Basic \x01").size(), 1U);
}

TEST(Challenge, FirstOfTwoParametersCounts) {
  EXPECT_EQ(parse_challenges("Bearer realm=a,realm=b").at(0).get("realm"), "a");
}

TEST(Challenge, IsBounded) {
  std::string header = "Bearer ";
  for (int i = 0; i < 100'000; ++i) header += "k" + std::to_string(i) + "=v,";
  EXPECT_LE(parse_challenges(header).at(0).parameters.size(), 32U);
}

}  // namespace sdme::registry
