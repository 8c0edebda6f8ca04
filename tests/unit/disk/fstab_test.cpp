// SPDX-License-Identifier: MIT
#include "disk/fstab.hpp"

#include <gmock/gmock.h>

namespace sdme::test {

namespace {

using disk::find_partition;
using disk::Partition;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Fstab, ListsWhatMayBeOnADisk) {
  const auto lines = disk::parse_fstab(
      "# comment\n\nUUID=1-2 / ext4 defaults 0 1\n/dev/vda2\t/boot\text4\n"
      "LABEL=x /a\\040b btrfs noatime,subvol=/@/home,compress=zstd 0 0\nUUID=3 none swap sw 0 0\nbroken\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].what, "UUID=1-2");
  EXPECT_EQ(lines[0].where, "/");
  EXPECT_EQ(lines[1].where, "/boot");
  EXPECT_EQ(lines[2].where, "/a b");
  EXPECT_EQ(lines[2].subvolume, "@/home");
}

TEST(Fstab, OfAnySizeIsBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "LABEL=x /a ext4\n";
  EXPECT_EQ(disk::parse_fstab(text).size(), 256U);
  EXPECT_THAT(disk::parse_fstab(""), IsEmpty());
  EXPECT_EQ(disk::parse_fstab(std::string(20'000, 'x') + "\nLABEL=x /a ext4\n").size(), 1U);
}

TEST(Fstab, PathsStayBelowTheRoot) {
  EXPECT_THAT(disk::components("/boot//efi/."), ElementsAre("boot", "efi"));
  EXPECT_THAT(disk::components("/"), IsEmpty());
  EXPECT_THAT(disk::components("/boot/../../etc"), IsEmpty());
}

class Names : public testing::Test {
 protected:
  int number(std::string_view what) const {
    const auto* const found = find_partition(what, partitions_);
    return found ? found->number : -1;
  }

  const std::vector<Partition> partitions_ = {
      {.number = 1, .id = "aaaa-01", .name = "esp", .format = "vfat", .uuid = "ABCD-1234", .label = "ESP"},
      {.number = 2, .format = "ext4"},
      {.number = 12, .id = "aaaa-12", .name = "root", .format = "ext4", .uuid = "0f0f-aa", .label = "the root"},
  };
};

TEST_F(Names, AreTags) {
  EXPECT_EQ(number("UUID=0F0F-AA"), 12);
  EXPECT_EQ(number("UUID=\"abcd-1234\""), 1);
  EXPECT_EQ(number("LABEL=the root"), 12);
  EXPECT_EQ(number("LABEL=THE ROOT"), -1);
  EXPECT_EQ(number("PARTUUID=aaaa-01"), 1);
  EXPECT_EQ(number("PARTLABEL=root"), 12);
  EXPECT_EQ(number("UUID="), -1) << "a partition without one is not meant";
  EXPECT_EQ(number("OTHER=root"), -1);
}

TEST_F(Names, AreLinks) {
  EXPECT_EQ(number("/dev/disk/by-uuid/0f0f-aa"), 12);
  EXPECT_EQ(number("/dev/disk/by-partlabel/esp"), 1);
  EXPECT_EQ(number("/dev/disk/by-uuid"), -1);
  EXPECT_EQ(number("/dev/disk/by-path/pci"), -1);
}

TEST_F(Names, AreDevices) {
  for (const auto* const name : {"/dev/sda12", "/dev/vdb12", "/dev/xvda12", "/dev/nvme0n1p12", "/dev/mmcblk0p12"}) {
    EXPECT_EQ(number(name), 12) << name;
  }
  for (const auto* const name : {"/dev/sda", "/dev/sda3", "/dev/mapper/vg-root2", "/dev/sr2", "/dev/md2",
                                 "/dev/nvme0n2", "/dev/", "tmpfs", "//server/share2", "/dev/sda99999999999999999999"}) {
    EXPECT_EQ(number(name), -1) << name;
  }
}

}  // namespace

}  // namespace sdme::test
