// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace sdme::text {

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,b", ','), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(split(",a,,", ','), (std::vector<std::string>{"", "a", "", ""}));
}

TEST(Join, UndoesSplit) {
  for (const std::string text : {"", "a", "a,b", ",", ",a,,"}) EXPECT_EQ(join(split(text, ','), ","), text);
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"same", "same"}, ", "), "same, same");
}

TEST(ToUnsigned, TakesWholeDecimalNumbers) {
  EXPECT_EQ(to_unsigned("0"), 0U);
  EXPECT_EQ(to_unsigned("18446744073709551615"), UINT64_MAX);
}

TEST(ToUnsigned, RefusesEverythingElse) {
  for (const std::string_view text : {"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "18446744073709551616", "one",
                                      "99999999999999999999999", "1\n", "١"}) {
    EXPECT_FALSE(to_unsigned(text)) << text;
  }
  EXPECT_FALSE(to_unsigned(std::string_view("1\0", 2)));
}

TEST(Printable, KeepsText) {
  for (const std::string text : {"Debian GNU/Linux 13 (trixie)", "Füße, naïve, 日本語, 🐧", "a'b\"c\\d", ""}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ReplacesControls) {
  EXPECT_EQ(printable("a\nb\tc\rd\x1b[31me\x7f"), "a?b?c?d?[31me?");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m")
      << "C1: a one-character CSI";
  EXPECT_EQ(printable("user\u202Egnp.exe"), "user?gnp.exe") << "right-to-left override";
  EXPECT_EQ(printable("a\u200Bb\uFEFFc\u2028d\u2066e\U000E0041"), "a?b?c?d?e?");
}

TEST(Printable, ReplacesInvalidUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("a\xc3"), "a?") << "cut off";
  EXPECT_EQ(printable("\xc3(x"), "?(x") << "what follows a false start is kept";
  EXPECT_EQ(printable("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "???") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "above U+10FFFF";
  EXPECT_EQ(printable("\xf8\x88\x80\x80\x80"), "?????") << "five bytes";
  EXPECT_EQ(printable("\x80"), "?");
}

TEST(Printable, StaysBelowTheLimit) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abc…");
  EXPECT_EQ(printable("äöüß", 8), "äöüß");
  EXPECT_EQ(printable("äöüßx", 8), "äö…") << "no character is cut in two";
  EXPECT_EQ(printable("abc", 2), "");
  EXPECT_EQ(printable("", 0), "");
  std::string hostile;
  for (int i = 0; i < 4096; ++i) hostile += static_cast<char>((i * 7 + i / 3) & 0xFF);
  for (std::size_t limit = 0; limit < 600; ++limit) {
    const auto shown = printable(hostile, limit);
    EXPECT_LE(shown.size(), limit);
    EXPECT_EQ(printable(shown, limit), shown) << "what is printable stays as it is";
  }
}

TEST(Quoted, IsPrintableInQuotes) { EXPECT_EQ(quoted("a\nb"), "'a?b'"); }

TEST(LowerHex, ShowsEveryByte) {
  const unsigned char bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0x5a};
  EXPECT_EQ(lower_hex(bytes, sizeof bytes), "000ff0ff5a");
  EXPECT_EQ(lower_hex(bytes, 0), "");
}

}  // namespace sdme::text
