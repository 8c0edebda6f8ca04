// SPDX-License-Identifier: MIT
#include "name_prefix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "failure.hpp"

namespace sdme::client {
namespace {

const std::vector<std::string> kNames = {"db", "web", "web2", "webmail"};

Failure failure_for(const std::string& typed) {
  try {
    resolve_name(kNames, typed);
  } catch (const Failure& failure) {
    return failure;
  }
  return {0, "found"};
}

TEST(NamePrefix, ExactWins) {
  EXPECT_EQ(resolve_name(kNames, "web"), "web");
  EXPECT_EQ(resolve_name(kNames, "db"), "db");
}

TEST(NamePrefix, TheOnlyOneThatBeginsSo) {
  EXPECT_EQ(resolve_name(kNames, "d"), "db");
  EXPECT_EQ(resolve_name(kNames, "webm"), "webmail");
}

TEST(NamePrefix, SeveralAreNamed) {
  const auto failure = failure_for("we");
  EXPECT_EQ(failure.exit_status, exit_code::kUsage);
  EXPECT_THAT(failure.message, testing::HasSubstr("web, web2, webmail"));
}

TEST(NamePrefix, NoneIsNotFound) {
  for (const std::string typed : {"x", "", "webx", "WEB"}) {
    EXPECT_EQ(failure_for(typed).exit_status, exit_code::kNotFound) << typed;
  }
}

}  // namespace
}  // namespace sdme::client
