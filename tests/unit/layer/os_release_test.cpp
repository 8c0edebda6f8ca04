// SPDX-License-Identifier: MIT
#include "layer/os_release.hpp"

#include <gtest/gtest.h>

namespace sdme::test {

namespace {

TEST(OsRelease, ReadsAsAShellWould) {
  const auto values = layer::parse_os_release(
      "# comment\n\nA=plain\nB=\"two words\"\nC='single $x \\n'\nD=\"q\\\"u\\$o\\\\t\"\n  E=spaced  "
      "\nF=\"open\n=none\nnothing\n"
      "G=a\"b\"'c'\nH=\nA=again\r\n");
  EXPECT_EQ(values.at("A"), "again");
  EXPECT_EQ(values.at("B"), "two words");
  EXPECT_EQ(values.at("C"), "single $x \\n");
  EXPECT_EQ(values.at("D"), "q\"u$o\\t");
  EXPECT_EQ(values.at("E"), "spaced");
  EXPECT_EQ(values.at("G"), "abc");
  EXPECT_EQ(values.at("H"), "");
  EXPECT_FALSE(values.contains("F"));
  EXPECT_FALSE(values.contains(""));
}

}  // namespace

}  // namespace sdme::test
