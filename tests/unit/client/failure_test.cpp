// SPDX-License-Identifier: MIT
#include "failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sdbus-c++/Error.h>

namespace sdme::client {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Failure, EveryErrorOfTheContractHasItsExitStatus) {
  for (const auto& row : kErrors) {
    const auto failure = failure_of(std::string(row.bus_name), "web does not work");
    EXPECT_EQ(failure.exit_status, row.exit_status) << row.bus_name;
    EXPECT_EQ(failure.code, row.code);
    EXPECT_THAT(sentence(failure, Detail::kPlain), HasSubstr("sdmectl: web does not work"));
    EXPECT_THAT(sentence(failure, Detail::kPlain), Not(HasSubstr(std::string(row.bus_name))));
    EXPECT_THAT(sentence(failure, Detail::kVerbose), HasSubstr(std::string(row.bus_name)));
  }
}

TEST(Failure, NobodyThere) {
  for (const std::string name : {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NoReply",
                                 "org.freedesktop.DBus.Error.Spawn.ChildExited", "System.Error.ECONNREFUSED",
                                 "org.freedesktop.systemd1.NoSuchUnit"}) {
    const auto failure = failure_of(sdbus::Error(sdbus::Error::Name(name), "gone"));
    EXPECT_EQ(failure.exit_status, exit_code::kUnreachable) << name;
    EXPECT_THAT(sentence(failure, Detail::kPlain), HasSubstr("systemctl status sdmed"));
  }
}

TEST(Failure, OthersFail) {
  EXPECT_EQ(failure_of("org.example.Error", "odd").exit_status, exit_code::kFailed);
  EXPECT_EQ(failure_of("org.example.Error", "").message, "org.example.Error");
}

TEST(Failure, APromptThatCannotBe) {
  const auto failure =
      failure_of("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "Starting needs a password");
  EXPECT_EQ(failure.exit_status, exit_code::kNotAuthorised);
  EXPECT_THAT(sentence(failure, Detail::kPlain), HasSubstr("run it in a terminal"));
}

TEST(Failure, DetailsGoBelow) {
  const auto failure =
      failure_of("org.sdme1.Error.BootFailed", "web did not come up\nfailed units: a.service\n\nlast words");
  EXPECT_EQ(sentence(failure, Detail::kPlain), "sdmectl: web did not come up\n  failed units: a.service\n  last words");
}

TEST(Failure, NothingDrivesTheTerminal) {
  const auto failure = failure_of("org.sdme1.Error.Internal", "bad \033]0;title\a");
  EXPECT_THAT(sentence(failure, Detail::kPlain), Not(HasSubstr("\033")));
}

TEST(Failure, Signals) {
  EXPECT_EQ(Interrupted{2}.exit_status(), exit_code::kInterrupted);
  EXPECT_EQ(Interrupted{15}.exit_status(), 143);
}

}  // namespace
}  // namespace sdme::client
