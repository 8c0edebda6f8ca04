// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <sys/stat.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

namespace {

class Inspect : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(dir_ / "tree");
    put(dir_ / "outside", "PRETTY_NAME=Host\n");
    put(dir_ / "init", "ELF");
    executable("../init");
  }

  std::string in(const std::string& below) const { return dir_ / ("tree/" + below); }
  void executable(const std::string& below) { chmod(in(below).c_str(), 0755); }
  void link(const std::string& below, const std::string& target) {
    std::filesystem::create_directories(std::filesystem::path(in(below)).parent_path());
    std::filesystem::create_symlink(target, in(below));
  }
  image::Inspection inspected() const { return image::inspect(layer::Stack::of_directory(dir_ / "tree")); }

  TempDir dir_;
};

TEST_F(Inspect, SaysNothingOfAnEmptyTree) {
  const auto found = inspected();
  EXPECT_EQ(found.os, "");
  EXPECT_EQ(found.distro, "");
  EXPECT_FALSE(found.bootable);
}

TEST_F(Inspect, PrefersEtc) {
  put(in("usr/lib/os-release"), "PRETTY_NAME=Vendor\nID=v\n");
  EXPECT_EQ(inspected().os, "Vendor");
  put(in("etc/os-release"), "PRETTY_NAME=Local\n");
  EXPECT_EQ(inspected().os, "Local");
  EXPECT_EQ(inspected().distro, "");
}

TEST_F(Inspect, FollowsLinksInsideTheTree) {
  put(in("usr/lib/os-release"), "NAME=Only\nVERSION_ID=7\n");
  link("etc/os-release", "../usr/lib/os-release");
  EXPECT_EQ(inspected().os, "Only");
  std::filesystem::remove(in("etc/os-release"));
  link("etc/os-release", "/usr/lib/os-release");
  EXPECT_EQ(inspected().version_id, "7");
}

TEST_F(Inspect, NeverLeavesTheTree) {
  link("etc/os-release", "../../outside");
  EXPECT_EQ(inspected().os, "");
  std::filesystem::remove(in("etc/os-release"));
  link("etc/os-release", dir_ / "outside");
  EXPECT_EQ(inspected().os, "");
  link("sbin/init", "../../init");
  EXPECT_FALSE(inspected().bootable);
}

TEST_F(Inspect, ReadsNothingOdd) {
  std::filesystem::create_directories(in("etc"));
  ASSERT_EQ(mkfifo(in("etc/os-release").c_str(), 0600), 0);
  put(in("usr/lib/os-release"), "NAME=Behind\n");
  EXPECT_EQ(inspected().os, "Behind");
  put(in("usr/lib/os-release"), "NAME=Large\n" + std::string(100'000, '#'));
  EXPECT_EQ(inspected().os, "");
}

TEST_F(Inspect, ShowsOnlyWhatIsSafe) {
  put(in("etc/os-release"), "PRETTY_NAME=\"evil\x1b[2J\"\nID='\xff'\n");
  EXPECT_EQ(inspected().os.find('\x1b'), std::string::npos);
  EXPECT_EQ(inspected().distro, "?");
}

TEST_F(Inspect, FindsEachInit) {
  for (const auto* const init : {"usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/init", "usr/sbin/init"}) {
    put(in(init), "ELF");
    EXPECT_FALSE(inspected().bootable) << init;
    executable(init);
    EXPECT_TRUE(inspected().bootable) << init;
    std::filesystem::remove(in(init));
  }
}

TEST_F(Inspect, TakesALinkOnlyToAnInit) {
  link("sbin/init", "../lib/systemd/systemd");
  EXPECT_FALSE(inspected().bootable);
  put(in("usr/lib/systemd/systemd"), "ELF");
  executable("usr/lib/systemd/systemd");
  link("lib", "usr/lib");
  std::filesystem::remove(in("usr/lib/systemd/systemd"));
  EXPECT_FALSE(inspected().bootable);
  put(in("usr/lib/systemd/systemd"), "ELF");
  executable("usr/lib/systemd/systemd");
  EXPECT_TRUE(inspected().bootable);
}

TEST_F(Inspect, ListsWhatIsMissing) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(inspected().missing, ElementsAre("systemd", "dbus", "login"));
  put(in("usr/lib/systemd/systemd"), "ELF");
  executable("usr/lib/systemd/systemd");
  EXPECT_THAT(inspected().missing, ElementsAre("dbus", "login"));
  put(in("usr/bin/dbus-broker"), "ELF");
  executable("usr/bin/dbus-broker");
  EXPECT_THAT(inspected().missing, ElementsAre("dbus", "login"));
  put(in("usr/lib/systemd/system/dbus-broker.service"), "[Unit]");
  EXPECT_THAT(inspected().missing, ElementsAre("login"));
  put(in("usr/lib/pam.d/login"), "#%PAM-1.0");
  EXPECT_THAT(inspected().missing, IsEmpty());
}

TEST_F(Inspect, TakesNoOtherInitForSystemd) {
  put(in("bin/busybox"), "ELF");
  executable("bin/busybox");
  link("sbin/init", "/bin/busybox");
  const auto found = inspected();
  EXPECT_TRUE(found.bootable);
  EXPECT_THAT(found.missing, testing::Contains("systemd"));
}

TEST_F(Inspect, KnowsNixOs) {
  const std::string system = "nix/store/aaa-nixos-system-test";
  const std::string systemd = "nix/store/bbb-systemd-257/lib/systemd/systemd";
  put(in(systemd), "ELF");
  executable(systemd);
  put(in(system + "/init"), "#!");
  executable(system + "/init");
  link(system + "/systemd", "/nix/store/bbb-systemd-257");
  link("sbin/init", "/" + system + "/init");
  EXPECT_THAT(inspected().missing, testing::ElementsAre("dbus", "login"));
  std::filesystem::remove(in("sbin/init"));
  EXPECT_THAT(inspected().missing, testing::Contains("systemd"));

  link("nix/var/nix/profiles/system", "/" + system);
  put(in(system + "/etc/systemd/system/dbus.service"), "[Unit]");
  put(in(system + "/etc/pam.d/login"), "#%PAM-1.0");
  EXPECT_THAT(inspected().missing, testing::IsEmpty());
}

}  // namespace

}  // namespace sdme::test
