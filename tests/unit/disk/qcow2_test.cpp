// SPDX-License-Identifier: MIT
#include "disk/qcow2.hpp"

#include <endian.h>

#include <cstring>
#include <string>

#include "os/file.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

// A header of version 3, as its specification numbers the bytes.
class Header {
 public:
  Header() : bytes_(1024, '\0') {
    bytes_.replace(0, 4, "QFI\xfb");
    u32(4, 3).u32(20, 16).u64(24, 1 << 20);
  }
  Header& u32(std::size_t at, std::uint32_t value) {
    const auto big = htobe32(value);
    std::memcpy(bytes_.data() + at, &big, sizeof big);
    return *this;
  }
  Header& u64(std::size_t at, std::uint64_t value) {
    const auto big = htobe64(value);
    std::memcpy(bytes_.data() + at, &big, sizeof big);
    return *this;
  }
  Header& text(std::size_t at, const std::string& value) {
    bytes_.replace(at, value.size(), value);
    return *this;
  }
  os::UniqueFd file(std::size_t size = 1024) const { return os::sealed_memory(bytes_.substr(0, size), "image"); }

 private:
  std::string bytes_;
};

std::string refusal(const Header& header, Errc code) {
  const auto file = header.file();
  return error_of(code, [&] { disk::check_qcow2(file.get()); });
}

TEST(Qcow2, IsKnownByItsFirstBytes) {
  EXPECT_TRUE(disk::is_qcow2(Header().file().get()));
  EXPECT_FALSE(disk::is_qcow2(Header().text(3, "x").file().get()));
  EXPECT_FALSE(disk::is_qcow2(Header().file(3).get()));
}

TEST(Qcow2, ThatStandsAloneIsAccepted) {
  EXPECT_TRUE(disk::check_qcow2(Header().file().get()));
  EXPECT_TRUE(disk::check_qcow2(Header().u32(4, 2).file().get()));
  EXPECT_TRUE(disk::check_qcow2(Header().u64(72, 8 | 16).file().get())) << "zstd and extended entries are read by qemu";
}

TEST(Qcow2, WhoseWriterDiedMayHaveStaleCounts) { EXPECT_FALSE(disk::check_qcow2(Header().u64(72, 1).file().get())); }

TEST(Qcow2, NeedsNoOtherFile) {
  const auto said = refusal(Header().u64(8, 512).u32(16, 11).text(512, "/etc/shadow"), Errc::kUnsupportedFormat);
  EXPECT_THAT(said, HasSubstr("'/etc/shadow'"));
  EXPECT_THAT(said, HasSubstr("qemu-img convert"));
  refusal(Header().u64(8, UINT64_MAX).u32(16, UINT32_MAX), Errc::kUnsupportedFormat);
  refusal(Header().u64(8, 1 << 20).u32(16, 0), Errc::kUnsupportedFormat);
  EXPECT_THAT(refusal(Header().u64(72, 4), Errc::kUnsupportedFormat), HasSubstr("another file"));
}

TEST(Qcow2, OfOtherKindsIsRefused) {
  EXPECT_THAT(refusal(Header().u32(4, 1), Errc::kUnsupportedFormat), HasSubstr("version 1"));
  EXPECT_THAT(refusal(Header().u32(32, 2), Errc::kUnsupportedFormat), HasSubstr("encrypted"));
  EXPECT_THAT(refusal(Header().u64(72, 1ULL << 63U), Errc::kUnsupportedFormat), HasSubstr("features"));
  EXPECT_THAT(refusal(Header().u64(72, 2), Errc::kCorrupt), HasSubstr("qemu-img check"));
  const auto cut = Header().file(60);
  error_of(Errc::kCorrupt, [&] { disk::check_qcow2(cut.get()); });
}

// A name is a stranger's.
TEST(Qcow2, SaysNamesPrintably) {
  const auto said = refusal(Header().u64(8, 512).u32(16, 9).text(512, "a\x1b[31mb\nc"), Errc::kUnsupportedFormat);
  EXPECT_EQ(said.find_first_of("\x1b\n"), std::string::npos);
}

}  // namespace

}  // namespace sdme::test
