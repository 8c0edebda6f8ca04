// SPDX-License-Identifier: MIT
#include "provision/distro.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "support/temp_dir.hpp"

namespace sdme::provision {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Distro parsed(const std::string& text, std::vector<std::string>& faults) { return parse_distro("x", text, faults); }

class Distros : public testing::Test {
 protected:
  std::string find(const std::string& id, const std::string& like = "") {
    const auto found = find_distro({vendor_.path(), etc_.path()}, {{"ID", id}, {"ID_LIKE", like}}, faults_);
    return found ? found->name : "";
  }

  test::TempDir vendor_;
  test::TempDir etc_;
  std::vector<std::string> faults_;
};

TEST(ParseDistro, ReadsEveryKey) {
  std::vector<std::string> faults;
  const auto distro = parsed(
      "[Distro]\nIds=a  b\n[Install]\nTool=t\nCommand=one; two\nCommand=three && x=\"4 5\"\nEnvironment=A_1=b c\n"
      "TimeoutSec=1min 30s\nNetwork=no\nCapabilities=CAP_SYS_ADMIN CAP_MKNOD\n",
      faults);
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_THAT(distro.ids, ElementsAre("a", "b"));
  EXPECT_EQ(distro.tool, "t");
  EXPECT_THAT(distro.commands, ElementsAre("one; two", "three && x=\"4 5\""));
  EXPECT_THAT(distro.environment, ElementsAre("A_1=b c"));
  EXPECT_EQ(distro.timeout, std::chrono::seconds(90));
  EXPECT_FALSE(distro.network);
  EXPECT_THAT(distro.capabilities, ElementsAre("CAP_SYS_ADMIN", "CAP_MKNOD"));
}

TEST(ParseDistro, WhatIsWrongCostsItsLineAlone) {
  std::vector<std::string> faults;
  const auto distro = parsed(
      "[Install]\nTimeoutSec=never\nNetwork=maybe\nEnvironment=1=2\nEnvironment=x\nIds=a\nCommand=true\n"
      "Capabilities=CAP_CHOWN,CAP_MKNOD\nCapabilities=all\n",
      faults);
  EXPECT_EQ(faults.size(), 7U);
  EXPECT_THAT(distro.capabilities, IsEmpty());
  EXPECT_THAT(faults, Contains("Network=maybe is neither yes nor no; the line is ignored"));
  EXPECT_THAT(faults, Contains("Ids=a is not known in section '[Install]'; the line is ignored"));
  EXPECT_EQ(distro.timeout, std::chrono::hours(1));
  EXPECT_TRUE(distro.network);
  EXPECT_THAT(distro.environment, IsEmpty());
  EXPECT_THAT(distro.commands, ElementsAre("true"));
}

TEST_F(Distros, AnIdCountsMoreThanWhatTheDistributionIsLike) {
  test::put(vendor_ / "a.conf", "[Distro]\nIds=rhel fedora\n");
  test::put(vendor_ / "b.conf", "[Distro]\nIds=mine\n");
  EXPECT_EQ(find("mine", "fedora"), "b");
  EXPECT_EQ(find("other", "centos fedora"), "a");
  EXPECT_EQ(find("other", "else"), "");
  EXPECT_EQ(find(""), "");
}

TEST_F(Distros, OneInEtcStandsForItsNamesake) {
  test::put(vendor_ / "a.conf", "[Distro]\nIds=x\n[Install]\nCommand=vendor\n");
  test::put(etc_ / "a.conf", "[Distro]\nIds=y\n[Install]\nCommand=own\n");
  EXPECT_EQ(find("x"), "");
  EXPECT_EQ(find("y"), "a");
  std::filesystem::remove(etc_ / "a.conf");
  ASSERT_EQ(symlink("/dev/null", (etc_ / "a.conf").c_str()), 0);
  EXPECT_EQ(find("x"), "");
  EXPECT_THAT(faults_, IsEmpty());
}

TEST_F(Distros, AFileThatOthersMayWriteIsNotRead) {
  test::put(etc_ / "a.conf", "[Distro]\nIds=x\n");
  std::filesystem::permissions(etc_ / "a.conf", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(find("x"), "");
  EXPECT_THAT(faults_, ElementsAre(HasSubstr("a.conf is not read: ")));
}

TEST_F(Distros, NothingInstalledIsNoFault) {
  EXPECT_FALSE(find_distro({vendor_ / "none"}, {{"ID", "x"}}, faults_));
  EXPECT_THAT(faults_, IsEmpty());
}

// What is shipped: each is without a fault, and says what it does or why it does nothing.
TEST(ShippedDistros, AreWhole) {
  std::map<std::string, std::string> of_id;
  for (const auto& entry : std::filesystem::directory_iterator(DISTROS)) {
    std::vector<std::string> faults;
    const auto name = entry.path().stem().string();
    const auto distro = parse_distro(name, test::content(entry.path()), faults);
    EXPECT_THAT(faults, IsEmpty()) << name;
    EXPECT_NE(distro.commands.empty(), distro.refusal.empty()) << name;
    for (const auto& id : distro.ids) EXPECT_TRUE(of_id.emplace(id, name).second) << id << " is known twice";
  }
  for (const auto* id : {"debian", "ubuntu"}) EXPECT_EQ(of_id[id], "debian");
  for (const auto* id : {"fedora", "centos", "almalinux", "rocky", "rhel"}) EXPECT_EQ(of_id[id], "fedora");
  for (const auto* id : {"opensuse-tumbleweed", "opensuse-leap", "sles"}) EXPECT_EQ(of_id[id], "opensuse");
  for (const auto* id : {"arch", "cachyos"}) EXPECT_EQ(of_id[id], "arch");
  EXPECT_EQ(of_id["nixos"], "nixos");
}

TEST(ShippedDistros, ArchIsNeverUpgradedInPart) {
  std::vector<std::string> faults;
  const auto arch = parse_distro("arch", test::content(DISTROS "/arch.conf"), faults);
  EXPECT_THAT(arch.commands, Contains(HasSubstr("pacman -Syu ")));
  EXPECT_THAT(arch.commands, Not(Contains(HasSubstr("pacman -Sy "))));
}

}  // namespace
}  // namespace sdme::provision
