// SPDX-License-Identifier: MIT
#include "machine/seed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <filesystem>

#include "store/layout.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::machine {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using Kind = Seed::Kind;

const Seed kMask = {.kind = Kind::kLink, .text = "/dev/null"};

std::string unit(const std::string& name) { return "/etc/systemd/system/" + name; }

TEST(PlanSeeds, EveryContainerIsAMachineOfItsOwn) {
  const auto seeds = plan_seeds("web", {}, {});
  EXPECT_EQ(seeds.at("/etc/hostname").text, "web\n");
  EXPECT_EQ(seeds.at("/etc/hosts").text, "127.0.0.1 localhost web\n::1 localhost web\n");
  EXPECT_EQ(seeds.at("/etc/machine-id").text, "");
  EXPECT_EQ(seeds.at("/etc/machine-id").mode, 0444U);
  EXPECT_EQ(seeds.at("/etc/fstab").kind, Kind::kFile);
  EXPECT_EQ(seeds.at("/etc/resolv.conf").kind, Kind::kFile);
  EXPECT_EQ(seeds.size(), 5U);
}

TEST(PlanSeeds, MasksAndHidesWhatTheDefinitionSays) {
  const auto seeds =
      plan_seeds("web", {.opaque_dirs = {"/srv"}, .masked_services = {"cron.service", "cron.service"}}, {});
  EXPECT_EQ(seeds.at(unit("cron.service")), kMask);
  EXPECT_EQ(seeds.at("/srv").kind, Kind::kOpaque);
}

TEST(PlanSeeds, CloneHidesTheStoreAndWhoTheHostIs) {
  const auto seeds = plan_seeds("web", {.host_clone = true}, {.identity = {"/etc/ssh/ssh_host_rsa_key"}});
  EXPECT_EQ(seeds.at(layout::kState).kind, Kind::kOpaque);
  EXPECT_EQ(seeds.at("/etc/ssh/ssh_host_rsa_key").kind, Kind::kHidden);
}

TEST(PlanSeeds, CloneMasksStorageUnitsUnlessAllUnitsAreHidden) {
  const HostFacts host = {.storage_units = {"data.mount"}};
  EXPECT_EQ(plan_seeds("web", {.host_clone = true}, host).at(unit("data.mount")), kMask);
  for (const char* dir : {"/etc/systemd/system", "/etc"}) {
    EXPECT_THAT(plan_seeds("web", {.host_clone = true, .opaque_dirs = {dir}}, host),
                Not(Contains(Key(unit("data.mount")))));
  }
}

TEST(PlanSeeds, BusAliasIsMadeAgainWhereItIsHidden) {
  const auto seeds = [](const std::string& target) {
    return plan_seeds("web", {.host_clone = true, .opaque_dirs = {"/etc/systemd/system"}}, {.dbus_alias = target});
  };
  EXPECT_EQ(seeds("/usr/lib/systemd/system/dbus-broker.service").at(unit("dbus.service")).text,
            "/usr/lib/systemd/system/dbus-broker.service");
  for (const char* bad :
       {"../../../x.service", "/usr/lib/systemd/system/../x.service", "/etc/passwd", "", "/dev/null"}) {
    EXPECT_THAT(seeds(bad), Not(Contains(Key(unit("dbus.service"))))) << bad;
  }
}

TEST(PlanSeeds, MaskedBusStaysMasked) {
  const auto seeds = plan_seeds(
      "web", {.host_clone = true, .opaque_dirs = {"/etc/systemd/system"}, .masked_services = {"dbus.service"}},
      {.dbus_alias = "/usr/lib/systemd/system/dbus-broker.service"});
  EXPECT_EQ(seeds.at(unit("dbus.service")), kMask);
}

TEST(SeedsBelow, CutsThePathOfTheMount) {
  const Seeds seeds = {{"/var/log", {}}, {"/var/lib/x", {}}, {"/var", {}}, {"/variant", {}}};
  EXPECT_THAT(seeds_below(seeds, "/var"), testing::ElementsAre(Key("/lib/x"), Key("/log")));
}

// A lower tree of two layers and an upper to fill.
class Sowing : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* dir : {"top", "bottom", "upper"}) std::filesystem::create_directory(temp_ / dir);
  }
  void dir(const std::string& path, mode_t mode) {
    std::filesystem::create_directories(temp_ / path);
    chmod((temp_ / path).c_str(), mode);
  }
  layer::Stack lower() const {
    std::vector<os::Dir> layers;
    for (const char* name : {"top", "bottom"}) layers.push_back(os::Dir::open(temp_ / name));
    return layer::Stack(std::move(layers));
  }
  void sow_all(const Seeds& seeds) const {
    const auto root = os::Dir::open(temp_ / "upper");
    const auto tree = lower();
    Upper upper(root, tree);
    sow(seeds, upper);
  }
  struct stat stat_of(const std::string& path) const {
    struct stat found = {};
    EXPECT_EQ(lstat((temp_ / path).c_str(), &found), 0) << path;
    return found;
  }

  test::TempDir temp_;
};

TEST_F(Sowing, DirectoriesAreLikeTheTopmostOfThoseTheyMergeWith) {
  dir("bottom/var/spool", 01777);
  dir("bottom/var", 0700);
  dir("top/var", 0751);
  chmod((temp_ / "top").c_str(), 0711);
  sow_all({{"/var/spool/x/y", {.kind = Kind::kFile, .text = "text"}}});
  EXPECT_EQ(stat_of("upper").st_mode & 07777U, 0711U);
  EXPECT_EQ(stat_of("upper/var").st_mode & 07777U, 0751U);
  EXPECT_EQ(stat_of("upper/var").st_mtim.tv_nsec, stat_of("top/var").st_mtim.tv_nsec);
  EXPECT_EQ(stat_of("upper/var/spool").st_mode & 07777U, 01777U);
  EXPECT_EQ(stat_of("upper/var/spool/x").st_mode & 07777U, 0755U);
  EXPECT_EQ(stat_of("upper/var/spool/x/y").st_mode & 07777U, 0644U);
}

TEST_F(Sowing, OpaqueDirectoryIsMarked) {
  dir("bottom/var/log", 0750);
  sow_all({{"/var/log", {.kind = Kind::kOpaque}}});
  char value = 0;
  EXPECT_EQ(getxattr((temp_ / "upper/var/log").c_str(), "user.overlay.opaque", &value, 1), 1);
  EXPECT_EQ(value, 'y');
  EXPECT_EQ(stat_of("upper/var/log").st_mode & 07777U, 0750U);
}

TEST_F(Sowing, LinkOnTheWayIsRefusedAndNotFollowed) {
  std::filesystem::create_directory_symlink(temp_ / "bottom", temp_ / "top/etc");
  const auto message = test::error_of(Errc::kInvalidArgument, [&] { sow_all({{"/etc/x/hostname", {}}}); });
  EXPECT_THAT(message, testing::HasSubstr("'/etc'"));
  EXPECT_FALSE(std::filesystem::exists(temp_ / "bottom/x"));
}

TEST_F(Sowing, OpaqueLayerHidesWhatIsBelowIt) {
  dir("bottom/srv/data", 0700);
  dir("top/srv", 0755);
  ASSERT_EQ(setxattr((temp_ / "top/srv").c_str(), "user.overlay.opaque", "y", 1, 0), 0);
  EXPECT_FALSE(lower().find_dir("/srv/data").has_value());
  EXPECT_FALSE(lower().stat("/srv/data").has_value());
  EXPECT_TRUE(lower().find_dir("/srv").has_value());
}

TEST_F(Sowing, NameOfTheSystemIsReadInsideTheTree) {
  dir("bottom/usr/lib", 0755);
  dir("bottom/etc", 0755);
  std::ofstream(temp_ / "bottom/usr/lib/os-release") << "NAME=x\nPRETTY_NAME=\"A \\\"B\\\" \x1b[31m\"\n";
  std::filesystem::create_symlink("/usr/lib/os-release", temp_ / "bottom/etc/os-release");
  EXPECT_EQ(lower().os(), "A \"B\" ?[31m");
}

TEST_F(Sowing, HostFactsAreFound) {
  dir("bottom/etc/systemd/system", 0755);
  dir("bottom/etc/ssh", 0755);
  dir("bottom/var/lib/systemd", 0755);
  for (const char* file : {"etc/systemd/system/a.mount", "etc/systemd/system/a.service", "etc/ssh/ssh_host_rsa_key",
                           "etc/ssh/sshd_config", "var/lib/systemd/random-seed"}) {
    std::ofstream(temp_ / (std::string("bottom/") + file));
  }
  std::filesystem::create_symlink("/dev/null", temp_ / "bottom/etc/systemd/system/b.swap");
  std::filesystem::create_symlink("/x", temp_ / "bottom/etc/systemd/system/dbus.service");
  const auto facts = HostFacts::of(lower());
  EXPECT_THAT(facts.storage_units, testing::ElementsAre("a.mount"));
  EXPECT_THAT(facts.identity, testing::ElementsAre("/var/lib/systemd/random-seed", "/etc/ssh/ssh_host_rsa_key"));
  EXPECT_EQ(facts.dbus_alias, "/x");
}

}  // namespace
}  // namespace sdme::machine
