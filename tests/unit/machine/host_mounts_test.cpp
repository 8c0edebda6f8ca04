// SPDX-License-Identifier: MIT
#include "machine/host_mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::machine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string mount(int id, const std::string& path, const std::string& type) {
  return std::to_string(id) + " 1 8:1 / " + path + " rw,relatime shared:1 - " + type + " /dev/sda1 rw\n";
}

std::vector<std::string> paths(const std::vector<HostMount>& mounts) {
  std::vector<std::string> found;
  for (const auto& mount : mounts) found.push_back(mount.path);
  return found;
}

TEST(HostMounts, TakesDisksAndLeavesTheKernelsAndTemporaryFiles) {
  const auto text = mount(1, "/", "ext4") + mount(2, "/home", "xfs") + mount(3, "/proc", "proc") +
                    mount(4, "/run/media/disk", "ext4") + mount(5, "/mnt/nfs", "nfs4") + mount(6, "/opt", "tmpfs") +
                    mount(7, "/dev/x", "ext4") + mount(8, "/tmp/y", "ext4") + mount(9, "/boot/efi", "vfat");
  EXPECT_THAT(paths(host_mounts(text, {})), ElementsAre("/boot/efi", "/home"));
}

TEST(HostMounts, ParentsComeFirst) {
  const auto text = mount(1, "/srv/a/b", "ext4") + mount(2, "/srv", "ext4") + mount(3, "/srv/a", "ext4");
  EXPECT_THAT(paths(host_mounts(text, {})), ElementsAre("/srv", "/srv/a", "/srv/a/b"));
}

TEST(HostMounts, TopmostOfAPathCounts) {
  const auto covered = mount(1, "/srv", "ext4") + mount(2, "/srv", "ext4");
  ASSERT_EQ(host_mounts(covered, {}).size(), 1U);
  EXPECT_EQ(host_mounts(covered, {})[0].id, 2U);
  EXPECT_THAT(host_mounts(mount(1, "/srv", "ext4") + mount(2, "/srv", "tmpfs"), {}), IsEmpty());
}

TEST(HostMounts, OurStoreIsNeverShown) {
  const auto text = mount(1, "/var/lib/sdmed", "ext4") + mount(2, "/var/lib/sdmed/layers", "ext4") +
                    mount(3, "/var/lib/sdmedia", "ext4");
  EXPECT_THAT(paths(host_mounts(text, {})), ElementsAre("/var/lib/sdmedia"));
}

TEST(HostMounts, WhatIsHiddenIsNotShown) {
  const auto text = mount(1, "/var/log", "ext4") + mount(2, "/var/log/audit", "ext4") + mount(3, "/var", "ext4");
  EXPECT_THAT(paths(host_mounts(text, {"/var/log"})), ElementsAre("/var"));
}

TEST(HostMounts, PathsAreUnescapedAndMadeOneName) {
  const auto found = host_mounts(mount(7, R"(/mnt/my\040disk-1/x)", "ext4"), {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, "/mnt/my disk-1/x");
  EXPECT_EQ(found[0].escaped, R"(mnt-my\x20disk\x2d1-x)");
  EXPECT_EQ(found[0].id, 7U);
}

TEST(HostMounts, DamagedLinesAreLeftOut) {
  EXPECT_THAT(host_mounts("", {}), IsEmpty());
  EXPECT_THAT(host_mounts("1 2 3\n\n - \n1 2 3 4 /x 6 -", {}), IsEmpty());
}

}  // namespace
}  // namespace sdme::machine
