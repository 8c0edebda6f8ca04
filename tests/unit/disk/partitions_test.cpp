// SPDX-License-Identifier: MIT
#include "disk/partitions.hpp"

#include <gmock/gmock.h>

#include <string>

#include "disk/file_system.hpp"
#include "os/file.hpp"

namespace sdme::test {

namespace {

constexpr std::size_t kSector = 512;

// One of an MBR's four: type, first sector, sectors.
struct Entry {
  unsigned char type;
  unsigned char start;
  unsigned char size;
};

std::string mbr(const std::vector<Entry>& entries, std::size_t sectors = 64) {
  std::string disk(sectors * kSector, '\0');
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t at = 446 + i * 16;
    disk[at + 4] = static_cast<char>(entries[i].type);
    disk[at + 8] = static_cast<char>(entries[i].start);
    disk[at + 12] = static_cast<char>(entries[i].size);
  }
  disk.replace(510, 2, "\x55\xaa");
  return disk;
}

std::vector<disk::Partition> read(const std::string& bytes) {
  const auto file = os::sealed_memory(bytes, "disk");
  return disk::read_partitions(file.get(), bytes.size());
}

TEST(Partitions, OfAnMbr) {
  auto bytes = mbr({{0x83, 8, 16}, {0x82, 24, 8}});
  bytes.replace(8 * kSector, 6, "LUKS\xba\xbe");
  bytes.replace(8 * kSector + 6, 2, std::string("\0\1", 2));
  const auto found = read(bytes);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].number, 1);
  EXPECT_EQ(found[0].offset, 8 * kSector);
  EXPECT_EQ(found[0].size, 16 * kSector);
  EXPECT_EQ(found[0].type, "0x83");
  EXPECT_EQ(found[0].format, "crypto_LUKS");
  EXPECT_EQ(disk::content_of(found[0]), disk::Content::kNone);
  EXPECT_EQ(disk::why_unreadable(found[0]), "is encrypted with LUKS");
  EXPECT_EQ(found[1].type, "0x82");
  EXPECT_EQ(found[1].format, "");
  EXPECT_EQ(disk::shown(found), "partition 1 (crypto_LUKS), partition 2 (unknown)");
}

TEST(Partitions, BehindTheEndAreNotLookedInto) {
  const auto found = read(mbr({{0x83, 200, 100}}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].format, "");
}

TEST(Partitions, OfADiskWithoutATableAreTheDisk) {
  const auto found = read(std::string(64 * kSector, '\0'));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].number, 0);
  EXPECT_EQ(found[0].size, 64 * kSector);
  EXPECT_EQ(disk::shown(found), "the disk (unknown)");
  EXPECT_EQ(read("").size(), 1U);
  EXPECT_EQ(read("short").size(), 1U);
}

// A chain of logical partitions that never ends.
TEST(Partitions, InACircleEnd) {
  auto bytes = mbr({{0x05, 8, 32}});
  bytes.replace(8 * kSector, kSector, mbr({{0x83, 1, 2}, {0x05, 0, 32}}).substr(0, kSector));
  EXPECT_LE(read(bytes).size(), 128U);
}

}  // namespace

}  // namespace sdme::test
