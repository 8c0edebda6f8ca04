// SPDX-License-Identifier: MIT
#include "provision/new_layer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::provision {
namespace {

class NewLayers : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(below_ / "etc/systemd/system");
    std::filesystem::create_directories(below_ / "usr/sbin");
    std::filesystem::create_directories(below_ / "var/lib/dpkg");
  }
  NewLayer make() { return {staging_dir_, layer::Stack::of_directory(below_.path()), "nameserver 192.0.2.1\n"}; }
  std::string upper(const std::string& path) const { return staging_ / ("install/upper/" + path); }
  static bool exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

  test::TempDir below_;
  test::TempDir staging_;
  os::Dir staging_dir_ = os::Dir::open(staging_.path());
};

TEST_F(NewLayers, LendsAndTakesBack) {
  auto layer = make();
  EXPECT_EQ(test::content(upper("etc/resolv.conf")), "nameserver 192.0.2.1\n");
  EXPECT_EQ(std::filesystem::status(upper("usr/sbin/policy-rc.d")).permissions(), std::filesystem::perms(0755));
  layer.tidy();
  EXPECT_FALSE(exists(upper("etc/resolv.conf")));
  EXPECT_FALSE(exists(upper("usr/sbin/policy-rc.d")));
}

TEST_F(NewLayers, WhatAPackagePutThereStays) {
  auto layer = make();
  std::filesystem::remove(upper("etc/resolv.conf"));
  std::filesystem::create_symlink("../run/systemd/resolve/stub-resolv.conf", upper("etc/resolv.conf"));
  std::ofstream(upper("usr/sbin/policy-rc.d")) << "#!/bin/sh\nexit 104\n";
  layer.tidy();
  EXPECT_TRUE(exists(upper("etc/resolv.conf")));
  EXPECT_TRUE(exists(upper("usr/sbin/policy-rc.d")));
}

TEST_F(NewLayers, NoLinkLeadsOutOfIt) {
  auto layer = make();
  std::filesystem::rename(upper("etc"), upper("was"));
  test::TempDir outside;
  test::put(outside / "resolv.conf", "nameserver 192.0.2.1\n");
  test::put(outside / "machine-id", "0123\n");
  std::filesystem::create_symlink(outside.path(), upper("etc"));
  layer.tidy();
  EXPECT_EQ(test::content(outside / "resolv.conf"), "nameserver 192.0.2.1\n");
  EXPECT_EQ(test::content(outside / "machine-id"), "0123\n");
}

TEST_F(NewLayers, IsNoMachineYet) {
  auto layer = make();
  test::put(upper("etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  test::put(upper("var/lib/dbus/machine-id"), "0123456789abcdef0123456789abcdef\n");
  test::put(upper("var/lib/systemd/random-seed"), "x");
  layer.tidy();
  EXPECT_EQ(test::content(upper("etc/machine-id")), "");
  EXPECT_TRUE(exists(upper("etc/machine-id")));
  EXPECT_FALSE(exists(upper("var/lib/dbus/machine-id")));
  EXPECT_FALSE(exists(upper("var/lib/systemd/random-seed")));
}

TEST_F(NewLayers, WithoutDpkgThereIsNoPolicy) {
  std::filesystem::remove(below_ / "var/lib/dpkg");
  make();
  EXPECT_FALSE(exists(upper("usr/sbin")));
}

TEST_F(NewLayers, UnmasksLogind) {
  std::filesystem::create_symlink("/dev/null", below_ / "etc/systemd/system/systemd-logind.service");
  make();
  struct stat found = {};
  ASSERT_EQ(lstat(upper("etc/systemd/system/systemd-logind.service").c_str(), &found), 0);
  EXPECT_TRUE(S_ISCHR(found.st_mode) && found.st_rdev == 0);
}

TEST_F(NewLayers, LeavesAnotherLinkOfLogindAlone) {
  std::filesystem::create_symlink("/etc/other.service", below_ / "etc/systemd/system/systemd-logind.service");
  make();
  EXPECT_FALSE(exists(upper("etc/systemd")));
}

TEST_F(NewLayers, RefusesAnEtcThatIsALink) {
  std::filesystem::remove_all(below_ / "etc");
  std::filesystem::create_symlink("usr", below_ / "etc");
  test::error_of(Errc::kInvalidArgument, [&] { make(); });
}

TEST_F(NewLayers, SettlesAsALayer) {
  auto layer = make();
  test::put(upper("usr/bin/x"), "12345");
  layer.settle(std::string(64, 'a'), {.size = 5, .entries = 3});
  EXPECT_EQ(test::content(staging_ / ("layers/" + std::string(64, 'a') + "/tree/usr/bin/x")), "12345");
  EXPECT_EQ(layer::measure_of(os::Dir::open(staging_ / ("layers/" + std::string(64, 'a')))).size, 5U);
  EXPECT_FALSE(exists(staging_ / "install"));
}

TEST(Measure, CountsWhatIsThere) {
  test::TempDir dir;
  test::put(dir / "a/b/c", "123");
  test::put(dir / "d", "4");
  std::filesystem::create_symlink("/", dir / "a/root");
  const auto found = measure(os::Dir::open(dir.path()));
  std::filesystem::create_hard_link(dir / "d", dir / "e");
  EXPECT_EQ(measure(os::Dir::open(dir.path())).entries, 6U);
  EXPECT_EQ(measure(os::Dir::open(dir.path())).size, 4U);
  EXPECT_EQ(found.size, 4U);
  EXPECT_EQ(found.entries, 5U);
}

}  // namespace
}  // namespace sdme::provision
