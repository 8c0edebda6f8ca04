// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

namespace sdme::client {
namespace {

using testing::ElementsAre;

TEST(Text, SplitKeepsWhatIsEmpty) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, PrintableDrivesNoTerminal) {
  EXPECT_EQ(printable("a\033[2Jb\n\x7f"), "a?[2Jb??");
  EXPECT_EQ(printable("eight-bit \xc2\x9b"
                      "2J"),
            "eight-bit ?2J");
  EXPECT_EQ(printable("Grüße, 日本 🐧"), "Grüße, 日本 🐧");
}

TEST(Text, PrintableIsUtf8) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(printable("cut \xe6\x97"), "cut ??");
  EXPECT_EQ(printable("overlong \xc0\xaf \xe0\x80\xaf"), "overlong ?? ???");
  EXPECT_EQ(printable("surrogate \xed\xa0\x80"), "surrogate ???");
  EXPECT_EQ(printable("beyond \xf4\x90\x80\x80"), "beyond ????");
}

TEST(Text, Columns) {
  if (!std::setlocale(LC_CTYPE, "C.UTF-8")) GTEST_SKIP() << "there is no locale C.UTF-8";
  EXPECT_EQ(columns_of("Grüße"), 5U);
  EXPECT_EQ(columns_of("日本"), 4U);
  EXPECT_EQ(first_columns("日本語", 5), "日本");
  EXPECT_EQ(first_columns("abc", 5), "abc");
}

TEST(Text, HumanBytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(345ULL * 1024 * 1024), "345 MiB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16 EiB");
}

TEST(Text, HumanDuration) {
  EXPECT_EQ(human_duration(std::chrono::seconds(7)), "0:07");
  EXPECT_EQ(human_duration(std::chrono::seconds(3723)), "1:02:03");
  EXPECT_EQ(human_duration(std::chrono::seconds(-1)), "0:00");
}

TEST(Text, ShellQuote) {
  EXPECT_EQ(shell_quote("--bind=/a:/b"), "--bind=/a:/b");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace sdme::client
