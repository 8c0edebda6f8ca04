// SPDX-License-Identifier: MIT
#include "nspawn/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/layout.hpp"

namespace sdme::nspawn {
namespace {

using testing::Contains;
using testing::Not;
using testing::StartsWith;

model::ContainerRecord record(model::Definition definition) {
  return {.name = model::ContainerName::parse("web"), .definition = std::move(definition)};
}

TEST(NspawnCommand, ConfinedContainerHasItsOwnUsersAndNetwork) {
  const auto command = command_of(record({.network = {.mode = model::Network::Mode::kPrivate}, .userns = true}),
                                  {.directory = "/run/sdmed/init/root", .uid_base = 589'824});
  EXPECT_THAT(command, Contains("--private-users=589824:65536"));
  EXPECT_THAT(command, Contains("--private-users-ownership=off"));
  EXPECT_THAT(command, Contains("--private-network"));
  EXPECT_THAT(command, Contains("--resolv-conf=off"));
  EXPECT_THAT(command, Contains("--machine=web"));
  EXPECT_THAT(command, Contains("--directory=/run/sdmed/init/root"));
  EXPECT_THAT(command, Contains("--register=yes"));
}

TEST(NspawnCommand, PrivilegedContainerSharesUsersAndNetworkAndTheResolver) {
  const auto command = command_of(record({}), {.directory = "/d"});
  EXPECT_THAT(command, Contains("--private-users=no"));
  EXPECT_THAT(command, Contains("--resolv-conf=bind-host"));
  EXPECT_THAT(command, Not(Contains("--private-network")));
  EXPECT_THAT(command, Not(Contains(StartsWith("--private-users-ownership"))));
}

TEST(NspawnCommand, RangeThatIsNotTakenYetIsShownAsOpen) {
  const auto command =
      command_of(record({.network = {.mode = model::Network::Mode::kPrivate}, .userns = true}), {.directory = "/d"});
  EXPECT_THAT(command, Contains("--private-users=pick"));
}

TEST(NspawnCommand, WithoutABusNobodyIsTold) {
  EXPECT_THAT(command_of(record({}), {.directory = "/d", .registers = false}), Contains("--register=no"));
}

TEST(NspawnCommand, NoFileBesideTheRecordCounts) {
  const auto command = command_of(record({}), {.directory = "/d"});
  EXPECT_EQ(command.front(), "/usr/bin/systemd-nspawn");
  EXPECT_THAT(command, Contains("--settings=no"));
  EXPECT_THAT(command, Contains("--notify-ready=yes"));
  EXPECT_THAT(command, Contains("--keep-unit"));
  EXPECT_THAT(command, Contains("--boot"));
}

TEST(NspawnCommand, HelpersAreReadOnly) {
  EXPECT_THAT(command_of(record({}), {.directory = "/d"}),
              Contains("--bind-ro=" + std::string(layout::kGuestHelpers) + ":" + layout::kGuestHelpersInside));
}

}  // namespace
}  // namespace sdme::nspawn
