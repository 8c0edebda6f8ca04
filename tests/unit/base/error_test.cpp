// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <cerrno>
#include <set>

#include "support/expect_error.hpp"

namespace sdme {

TEST(ErrorFromErrno, ChoosesTheCode) {
  EXPECT_EQ(Error::from_errno(ENOSPC, "x").code(), Errc::kNoSpace);
  EXPECT_EQ(Error::from_errno(EDQUOT, "x").code(), Errc::kNoSpace);
  EXPECT_EQ(Error::from_errno(ENOENT, "x").code(), Errc::kNotFound);
  EXPECT_EQ(Error::from_errno(EEXIST, "x").code(), Errc::kAlreadyExists);
  EXPECT_EQ(Error::from_errno(EIO, "x").code(), Errc::kInternal);
  EXPECT_EQ(Error::from_errno(ENOENT, "opening /x").message(), "opening /x: No such file or directory");
}

TEST(WhileDoing, AddsContextAndKeepsTheCode) {
  const auto message = test::error_of(
      Errc::kNoSpace, [] { while_doing("importing 'x'", [] { throw Error(Errc::kNoSpace, "the disk is full"); }); });
  EXPECT_EQ(message, "importing 'x': the disk is full");
  EXPECT_EQ(while_doing("counting", [] { return 3; }), 3);
}

TEST(Errors, FindTheirWayBackFromEveryName) {
  std::set<std::string_view> words, names;
  for (const auto& error : kErrors) {
    EXPECT_EQ(errc_from_word(error.word), error.code);
    EXPECT_EQ(errc_from_bus_name(error.bus_name), error.code);
    EXPECT_NE(error.exit_status, exit_code::kDone);
    words.insert(error.word);
    names.insert(error.bus_name);
  }
  EXPECT_EQ(words.size(), kErrors.size());
  EXPECT_EQ(names.size(), kErrors.size());
  EXPECT_FALSE(errc_from_word("busy"));
  EXPECT_FALSE(errc_from_bus_name(""));
}

}  // namespace sdme
