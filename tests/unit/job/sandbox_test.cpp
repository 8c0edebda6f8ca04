// SPDX-License-Identifier: MIT
#include "job/sandbox.hpp"

#include <linux/capability.h>
#include <sched.h>

#include <algorithm>

#include "support/expect_error.hpp"

namespace sdme::job {

template <typename T>
std::optional<T> property(const std::vector<systemd::Property>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &systemd::Property::first);
  return found == all.end() ? std::nullopt : std::optional(std::get<T>(found->second));
}

std::vector<systemd::Property> of(const std::string& verb) {
  Record record{.id = 5, .kind = verb, .verb = verb, .target = "x"};
  record.request = {{"trash", {"/var/lib/sdmed/trash", "/var/cache/sdmed/trash"}}};
  return sandbox(record, "/run/sdmed/jobs/5/out", {});
}

bool has(const std::string& verb, unsigned capability) {
  return (*property<std::uint64_t>(of(verb), "CapabilityBoundingSet") >> capability & 1) != 0;
}

TEST(Sandbox, OfEveryVerbHasNoNewPrivilegesAndNoInternet) {
  for (const auto* verb : {"import", "disk", "trash", "create", "start", "stop", "restart", "enable", "disable",
                           "remove", "session", "log"}) {
    EXPECT_EQ(property<bool>(of(verb), "NoNewPrivileges"), true) << verb;
    EXPECT_EQ(property<systemd::AllowList>(of(verb), "RestrictAddressFamilies")->items,
              std::vector<std::string>{"AF_UNIX"})
        << verb;
    EXPECT_EQ(property<std::string>(of(verb), "ProtectSystem"), "strict") << verb;
    EXPECT_FALSE(has(verb, CAP_SYS_MODULE)) << verb;
    EXPECT_FALSE(has(verb, CAP_NET_ADMIN)) << verb;
  }
}

TEST(Sandbox, ReachesWhatHoldsTheDiskLimitOnlyWhereThereIsOne) {
  const auto limits = [](const std::string& verb, bool disk) {
    Record record{.id = 5, .kind = verb, .verb = verb, .target = "x", .request = {{"limits_disk", disk}}};
    return sandbox(record, "/run/sdmed/jobs/5/out", {});
  };
  const auto admin = [&](bool disk) {
    return (*property<std::uint64_t>(limits("create", disk), "CapabilityBoundingSet") >> unsigned{CAP_SYS_ADMIN} & 1) !=
           0;
  };
  EXPECT_TRUE(admin(true));
  EXPECT_FALSE(admin(false));
  using testing::Contains;
  const auto writable = [&](const char* verb, bool disk) {
    return *property<std::vector<std::string>>(limits(verb, disk), "ReadWritePaths");
  };
  for (const auto* verb : {"update", "remove"}) {
    EXPECT_THAT(writable(verb, true), Contains("/var/lib/sdmed/containers/x")) << verb;
    EXPECT_THAT(writable(verb, false), testing::Not(Contains("/var/lib/sdmed/containers/x"))) << verb;
  }
}

TEST(Sandbox, OfAnImportSeesItsStagingAndNothingElseOfTheStore) {
  const auto all = of("import");
  EXPECT_EQ(property<systemd::EmptyTrees>(all, "TemporaryFileSystem")->paths[0], "/var/lib/sdmed");
  const auto binds = *property<systemd::BindPaths>(all, "BindPaths");
  ASSERT_EQ(binds.paths.size(), 2U);
  EXPECT_EQ(binds.paths[0].source, "/var/lib/sdmed/staging/5");
  EXPECT_EQ(property<bool>(all, "PrivateNetwork"), true);
  EXPECT_FALSE(has("import", CAP_SYS_ADMIN));
  EXPECT_TRUE(has("import", CAP_SETFCAP));
}

TEST(Sandbox, OfAnImportMakesDeviceNodesAndOpensNone) {
  const auto rules = property<systemd::DeviceRules>(of("import"), "DeviceAllow")->rules;
  ASSERT_EQ(rules.size(), 2U);
  for (const auto& rule : rules) EXPECT_EQ(rule.access, "m") << rule.device;
}

TEST(Sandbox, OfADiskMountsInItsOwnNamespaceWhatItReadsFromLoopDevices) {
  const auto all = of("disk");
  EXPECT_EQ(property<systemd::EmptyTrees>(all, "TemporaryFileSystem")->paths[0], "/var/lib/sdmed");
  EXPECT_EQ(property<systemd::BindPaths>(all, "BindPaths")->paths.size(), 2U);
  EXPECT_EQ(property<std::uint64_t>(all, "RestrictNamespaces"), std::uint64_t{CLONE_NEWNS | CLONE_NEWPID});
  EXPECT_EQ(property<bool>(all, "PrivateNetwork"), true);
  EXPECT_EQ(property<std::string>(all, "DevicePolicy"), "closed");
  const auto devices = *property<systemd::DeviceRules>(all, "DeviceAllow");
  for (const auto& rule : devices.rules) {
    if (rule.device.ends_with("-*")) {
      EXPECT_EQ(rule.access, "m") << "a disk of the host could be read";
    }
    if (rule.device == "block-loop") {
      EXPECT_EQ(rule.access, "r");
    }
  }
  EXPECT_TRUE(has("disk", CAP_SYS_ADMIN));
  EXPECT_FALSE(has("disk", CAP_DAC_READ_SEARCH));
  EXPECT_FALSE(has("disk", CAP_SYS_RAWIO));
}

TEST(Sandbox, OfPackageManagersIsAContainerAndNotTheStore) {
  const auto all = of("provision");
  EXPECT_EQ(property<systemd::EmptyTrees>(all, "TemporaryFileSystem")->paths[0], "/var/lib/sdmed");
  const auto readable = *property<systemd::BindPaths>(all, "BindReadOnlyPaths");
  ASSERT_EQ(readable.paths.size(), 1U);
  EXPECT_EQ(readable.paths[0].source, "/var/lib/sdmed/layers");
  const auto writable = *property<systemd::BindPaths>(all, "BindPaths");
  ASSERT_EQ(writable.paths.size(), 2U);
  EXPECT_EQ(writable.paths[0].source, "/var/lib/sdmed/staging/5");
  EXPECT_EQ(property<std::string>(all, "ProtectSystem"), "strict");
  EXPECT_EQ(property<std::string>(all, "DevicePolicy"), "closed");
  EXPECT_EQ(property<bool>(all, "Delegate"), true);
  EXPECT_EQ(property<std::uint64_t>(all, "MemoryMax"), store::Settings().install_memory_max);
  EXPECT_FALSE(property<bool>(all, "NoNewPrivileges"));
  for (const auto power : {CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME, CAP_SYS_BOOT, CAP_BPF}) {
    EXPECT_FALSE(has("provision", power));
  }
}

TEST(Sandbox, OfWhatFetchesIsNobodyWithNothing) {
  Record record{.id = 5, .kind = "import", .verb = "import", .target = "x"};
  record.fetch = {{"blobs", "/var/cache/sdmed/fetch/5"}, {"cache", "/var/cache/sdmed/oci"}};
  const auto all = fetch_sandbox(record, {});
  EXPECT_EQ(property<bool>(all, "DynamicUser"), true);
  EXPECT_EQ(property<std::uint64_t>(all, "CapabilityBoundingSet"), 0U);
  EXPECT_EQ(property<bool>(all, "PrivateNetwork"), false);
  const auto writable = *property<systemd::BindPaths>(all, "BindPaths");
  ASSERT_EQ(writable.paths.size(), 1U);
  EXPECT_EQ(writable.paths[0].source, "/var/cache/sdmed/fetch/5");
  EXPECT_EQ(property<systemd::BindPaths>(all, "BindReadOnlyPaths")->paths[0].source, "/var/cache/sdmed/oci");
}

TEST(Sandbox, OnlyTheVerbsThatEnterGuestsMayEnterNamespaces) {
  EXPECT_TRUE(has("session", CAP_SYS_ADMIN));
  EXPECT_FALSE(has("create", CAP_SYS_ADMIN));
  EXPECT_FALSE(has("trash", CAP_SYS_ADMIN));
  EXPECT_FALSE(has("log", CAP_SYS_ADMIN));
}

}  // namespace sdme::job
