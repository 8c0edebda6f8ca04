// SPDX-License-Identifier: MIT
#include "nspawn/command.hpp"
#include "nspawn/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/layout.hpp"
#include "support/temp_dir.hpp"

namespace sdme::nspawn {
namespace {

using testing::Contains;
using testing::HasSubstr;
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

TEST(NspawnCommand, VariablesAreInNoCommandLine) {
  const auto command = command_of(record({.environment = {"A=1"}}), {.directory = "/d"});
  EXPECT_THAT(command, Not(Contains(HasSubstr("A=1"))));
  EXPECT_THAT(
      command,
      Contains("--bind-ro=/run/sdmed/init/environment.conf:" + std::string(layout::kEnvironmentInside) + ":norbind"));
  EXPECT_THAT(command_of(record({}), {.directory = "/d"}), Not(Contains(HasSubstr(layout::kEnvironmentInside))));
  EXPECT_EQ(manager_conf({R"(A=a "b" \n 100% $HOME)", "B="}),
            "[Manager]\n"
            "ManagerEnvironment=\"A=a \\\"b\\\" \\\\n 100%% $HOME\"\n"
            "ManagerEnvironment=\"B=\"\n"
            "DefaultEnvironment=\"A=a \\\"b\\\" \\\\n 100%% $HOME\"\n"
            "DefaultEnvironment=\"B=\"\n");
}

TEST(NspawnCommand, HelpersAreReadOnly) {
  EXPECT_THAT(command_of(record({}), {.directory = "/d"}),
              Contains("--bind-ro=" + std::string(layout::kGuestHelpers) + ":" + layout::kGuestHelpersInside));
}

// Both name the same places: nobody else tells the guest where they are.
TEST(NspawnCommand, ShowsApplicationsTheirPodWhereTheirUnitsLookForIt) {
  const auto command =
      command_of(record({.network = {.mode = model::Network::Mode::kPrivate}, .oci_pod = "shop"}), {.directory = "/d"});
  const auto shown = [&](const std::string& source, const std::string& inside) {
    EXPECT_THAT(command, Contains("--bind-ro=" + source + ":" + inside + ":norbind"));
    return inside;
  };
  const auto inside = std::string(layout::kPodInside);
  const auto drop_in = test::content(OCI_POD_DROP_IN);
  EXPECT_THAT(drop_in,
              HasSubstr("\nNetworkNamespacePath=" + shown("/run/sdmed/pods/shop/netns", inside + "/netns") + "\n"));
  const auto resolv_conf = shown("/run/sdmed/pods/shop/resolv.conf", inside + "/resolv.conf");
  EXPECT_THAT(drop_in, HasSubstr("\nBindReadOnlyPaths=" + resolv_conf + ":/etc/resolv.conf\n"));
  shown(layout::kOciPodDropIn, layout::kOciPodDropInInside);
  EXPECT_THAT(command, Contains("--private-network"));
}

TEST(NspawnCommand, ShowsNoPodToWhomHasNone) {
  EXPECT_THAT(command_of(record({}), {.directory = "/d"}), Not(Contains(HasSubstr("pod"))));
}

}  // namespace
}  // namespace sdme::nspawn
