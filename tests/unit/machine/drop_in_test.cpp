// SPDX-License-Identifier: MIT
#include "machine/drop_in.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::machine {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DropIn, IsThereForThoseThatNeedOne) {
  EXPECT_EQ(drop_in_text({}), "");
  EXPECT_FALSE(model::Definition{}.has_drop_in());
}

TEST(DropIn, SaysWhoComesFirstAndStopsNobodyWithThem) {
  const auto text = drop_in_text({.requirements = {"db", "cache"}});
  EXPECT_THAT(text, HasSubstr("[Unit]\nWants=sdme-container@db.service\nAfter=sdme-container@db.service\n"));
  EXPECT_THAT(text, HasSubstr("After=sdme-container@cache.service\n"));
  EXPECT_THAT(text, Not(HasSubstr("Requires=")));
  EXPECT_THAT(text, Not(HasSubstr("[Service]")));
}

TEST(DropIn, SaysWhenToStartAgain) {
  const auto text = drop_in_text({.restart = model::Definition::Restart::kOnFailure});
  EXPECT_THAT(text, HasSubstr("[Unit]\nStartLimitIntervalSec=0\n"));
  EXPECT_THAT(text, HasSubstr("[Service]\nRestart=on-failure\n"));
}

}  // namespace
}  // namespace sdme::machine
