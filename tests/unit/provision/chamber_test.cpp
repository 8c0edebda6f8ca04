// SPDX-License-Identifier: MIT
#include "provision/chamber.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sdme::provision {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Chamber kChamber = {.root = "/run/x", .name = "n", .base = 524288, .largest_file = 7, .environment = {"A=b c"}};

TEST(Chamber, CommandIsOneArgumentAndTheLast) {
  const auto argv = command_line(kChamber, "a 'b' $c; --bind=/");
  ASSERT_GE(argv.size(), 4U);
  const std::vector<std::string> last(argv.end() - 4, argv.end());
  EXPECT_EQ(last, (std::vector<std::string>{"--", "/bin/sh", "-c", "a 'b' $c; --bind=/"}));
}

TEST(Chamber, HasItsOwnUsersAndNothingOfTheHosts) {
  const auto argv = command_line(kChamber, "true");
  EXPECT_THAT(argv, Contains("--private-users=524288:65536"));
  EXPECT_THAT(argv, Contains("--private-users-ownership=off"));
  EXPECT_THAT(argv, Contains("--settings=no"));
  EXPECT_THAT(argv, Contains("--rlimit=RLIMIT_FSIZE=7"));
  EXPECT_THAT(argv, Contains("--setenv=A=b c"));
  EXPECT_THAT(argv, Not(Contains(StartsWith("--bind"))));
  EXPECT_THAT(argv, Not(Contains(StartsWith("--capability="))));
  const auto taken =
      std::ranges::find_if(argv, [](const auto& word) { return word.starts_with("--drop-capability="); });
  ASSERT_NE(taken, argv.end());
  for (const auto* power :
       {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_MKNOD", "CAP_SYS_BOOT"}) {
    EXPECT_THAT(*taken, HasSubstr(power));
  }
}

TEST(Chamber, HasTheCapabilitiesThatItIsGiven) {
  auto more = kChamber;
  more.capabilities = {"CAP_SYS_ADMIN", "CAP_IPC_LOCK"};
  const auto argv = command_line(more, "true");
  EXPECT_THAT(argv, Contains("--capability=CAP_SYS_ADMIN,CAP_IPC_LOCK"));
  const auto taken =
      std::ranges::find_if(argv, [](const auto& word) { return word.starts_with("--drop-capability="); });
  ASSERT_NE(taken, argv.end());
  EXPECT_THAT(*taken, Not(HasSubstr("CAP_SYS_ADMIN")));
  EXPECT_THAT(*taken, HasSubstr("CAP_NET_ADMIN"));
}

TEST(Chamber, NetworkIsTheHostsOrNone) {
  EXPECT_THAT(command_line(kChamber, "true"), Not(Contains("--private-network")));
  auto alone = kChamber;
  alone.network = false;
  EXPECT_THAT(command_line(alone, "true"), Contains("--private-network"));
}

}  // namespace
}  // namespace sdme::provision
