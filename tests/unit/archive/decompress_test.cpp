// SPDX-License-Identifier: MIT
#include "archive/decompress.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <thread>

#include "archive/tar_stream.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

using archive::Decompressor;
using testing::HasSubstr;

constexpr std::uint64_t kPlenty = 1 << 30;

// Does not compress to nothing, and differs everywhere.
std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string drain(Decompressor& source) {
  std::string all;
  while (true) {
    const auto block = source.next();
    if (block.empty()) return all;
    all.append(block.data(), block.size());
  }
}

std::string plain(std::string_view stream, std::uint64_t limit = kPlenty) {
  archive::Budget budget({limit, 0});
  Decompressor source(archive::Input(os::sealed_memory(stream, "stream")), budget);
  return drain(source);
}

std::string refusal(std::string_view stream, Errc code = Errc::kCorrupt) {
  return error_of(code, [&] { plain(stream); });
}

class EachCompression : public testing::TestWithParam<Compression> {};

INSTANTIATE_TEST_SUITE_P(Archive, EachCompression,
                         testing::Values(Compression::kGzip, Compression::kBzip2, Compression::kXz,
                                         Compression::kZstd));

TEST_P(EachCompression, GivesBackWhatWentIn) {
  for (const std::size_t size : {1UL, 511UL, 256UL * 1024, 256UL * 1024 + 1, 1'500'000UL}) {
    const auto bytes = noise(size);
    EXPECT_TRUE(plain(compressed(bytes, GetParam())) == bytes) << size;
  }
}

TEST_P(EachCompression, ReadsEveryMember) {
  const auto one = noise(700'000), two = noise(300'000);
  const auto three = std::string("the end");
  const auto stream = compressed(one, GetParam()) + compressed(two, GetParam()) + compressed(three, GetParam());
  EXPECT_TRUE(plain(stream) == one + two + three);
}

TEST_P(EachCompression, RefusesEveryCut) {
  const auto stream = compressed(noise(40), GetParam());
  for (std::size_t length = 6; length < stream.size(); ++length) {
    EXPECT_THAT(refusal(stream.substr(0, length)), HasSubstr("damaged or truncated")) << length;
  }
}

TEST_P(EachCompression, TellsNothingFromACut) {
  const auto stream = compressed("", GetParam());
  EXPECT_EQ(plain(stream), "");
  EXPECT_THAT(refusal(stream.substr(0, stream.size() - 1)), HasSubstr("damaged or truncated"));
}

TEST_P(EachCompression, RefusesADamagedByte) {
  auto stream = compressed(noise(200'000), GetParam());
  stream[stream.size() / 2] ^= 0x55;
  // A frame of zstd that libarchive wrote has no checksum, so damage of raw blocks shows only in what is unpacked.
  if (GetParam() == Compression::kZstd) stream[4] = '\xff';
  EXPECT_THAT(refusal(stream), HasSubstr("stream is wrong"));
}

TEST_P(EachCompression, RefusesSomethingBehindTheStream) {
  const auto stream = compressed(noise(1000), GetParam());
  EXPECT_THAT(refusal(stream + "something else"), HasSubstr("damaged"));
  // The head of a next member, cut off.
  EXPECT_THAT(refusal(stream + stream.substr(0, 5)), HasSubstr("damaged"));
}

TEST_P(EachCompression, StopsAtTheLimit) {
  const std::string bytes(3'000'000, '\0');
  EXPECT_EQ(plain(compressed(bytes, GetParam()), bytes.size()).size(), bytes.size());
  const auto message = error_of(Errc::kLimitExceeded, [&] { plain(compressed(bytes, GetParam()), bytes.size() - 1); });
  EXPECT_THAT(message, HasSubstr("2999999"));
  EXPECT_THAT(message, HasSubstr("ImportMaxBytes="));
}

TEST_P(EachCompression, DecompressesOnce) {
  const auto inner = compressed(noise(10'000), GetParam());
  EXPECT_TRUE(plain(compressed(inner, Compression::kGzip)) == inner);
}

TEST(Decompressor, AllowsPadding) {
  const auto bytes = noise(100'000);
  const std::string zeros(600'000, '\0');
  EXPECT_TRUE(plain(compressed(bytes, Compression::kGzip) + zeros) == bytes);
  EXPECT_TRUE(plain(compressed(bytes, Compression::kBzip2) + zeros) == bytes);
  EXPECT_TRUE(plain(compressed(bytes, Compression::kXz) + zeros) == bytes);
  EXPECT_TRUE(plain(compressed(bytes, Compression::kZstd) + zeros) == bytes);
  EXPECT_THAT(refusal(compressed(bytes, Compression::kZstd) + zeros + "x"), HasSubstr("followed by something else"));
  EXPECT_THAT(refusal(compressed(bytes, Compression::kGzip) + zeros + "x"), HasSubstr("followed by something else"));
  EXPECT_THAT(refusal(compressed(bytes, Compression::kBzip2) + zeros + "x"), HasSubstr("followed by something else"));
}

TEST(Decompressor, ReadsSkippableFrames) {
  const std::string skippable("\x53\x2a\x4d\x18\x04\0\0\0abcd", 12);
  const auto bytes = noise(1000);
  const auto frame = compressed(bytes, Compression::kZstd);
  EXPECT_TRUE(plain(skippable + frame + skippable + frame) == bytes + bytes);
}

TEST(Decompressor, PassesOnWhatIsNotCompressed) {
  const auto bytes = noise(1'000'000);
  EXPECT_TRUE(plain(bytes) == bytes);
  EXPECT_EQ(plain("BZ"), "BZ");
}

TEST(Decompressor, GivesNothingOfNothing) { EXPECT_EQ(plain(""), ""); }

TEST(Decompressor, ChecksTheSumsOfGzip) {
  const auto stream = compressed(noise(1000), Compression::kGzip);
  for (std::size_t at = stream.size() - 8; at < stream.size(); ++at) {
    auto damaged = stream;
    damaged[at] ^= 1;
    EXPECT_THAT(refusal(damaged), HasSubstr("check")) << at;
    EXPECT_THAT(refusal(damaged + stream), HasSubstr("check")) << at;
  }
}

// The end of one member and the start of the next lie across the blocks that are read, everywhere.
TEST(Decompressor, ReadsMembersAcrossBlocks) {
  constexpr std::size_t kBlock = 256 * 1024;
  const auto next = compressed("second", Compression::kGzip);
  const auto bytes = noise(kBlock + 200);
  const auto overhead = compressed(bytes, Compression::kGzip).size() - bytes.size();
  for (std::size_t size = kBlock - overhead - 40; size < kBlock - overhead + 20; ++size) {
    const auto stream = compressed(bytes.substr(0, size), Compression::kGzip) + next;
    EXPECT_TRUE(plain(stream) == bytes.substr(0, size) + "second") << size;
    EXPECT_THAT(refusal(stream.substr(0, stream.size() - 1)), HasSubstr("damaged or truncated")) << size;
  }
}

// RFC 1952, 2.3: extra fields, a name, a comment and a sum of the header.
TEST(Decompressor, SkipsWhatHeadersOfGzipHold) {
  const auto stream = compressed("abc", Compression::kGzip);
  ASSERT_EQ(stream[3], 0);
  auto header = stream.substr(0, 10);
  header[3] = 0x1c;
  const std::string_view held(
      "\x04\0long"
      "name\0"
      "comment\0",
      19);
  EXPECT_EQ(plain(header + std::string(held) + stream.substr(10)), "abc");
  header[3] = 0;
  header[2] = 7;
  EXPECT_THAT(refusal(header + stream.substr(10)), HasSubstr("header"));
}

TEST(Decompressor, BoundsTheWindowOfZstd) {
  // RFC 8878, 3.1.1.1: a frame whose window descriptor asks for 2^31 bytes.
  const std::string frame("\x28\xb5\x2f\xfd\x00\xa8\x01\0\0", 9);
  EXPECT_THAT(refusal(frame, Errc::kLimitExceeded), HasSubstr("128 MiB"));
}

TEST(Decompressor, RunsNoProgram) {
  // lrzip, which libarchive would hand to a program of that name.
  const std::string lrzip = std::string("LRZI\0\6", 6) + std::string(100, 'x');
  EXPECT_EQ(plain(lrzip), lrzip);
}

TEST(Decompressor, HashesThePlainBytes) {
  archive::Budget budget({kPlenty, 0});
  Decompressor source(archive::Input(os::sealed_memory(compressed("abc", Compression::kZstd), "stream")), budget);
  EXPECT_EQ(drain(source), "abc");
  EXPECT_EQ(source.digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

TEST(Decompressor, ReadsPipes) {
  const auto bytes = noise(2'000'000);
  const auto stream = compressed(bytes, Compression::kZstd);
  for (const int flags : {0, O_NONBLOCK}) {
    int ends[2] = {};
    ASSERT_EQ(pipe2(ends, O_CLOEXEC | flags), 0);
    os::UniqueFd reading(ends[0]), writing(ends[1]);
    ASSERT_EQ(fcntl(writing.get(), F_SETFL, 0), 0);
    std::jthread writer([&stream, to = std::move(writing)] { os::write_all(to.get(), stream, "pipe"); });
    archive::Budget budget({kPlenty, 0});
    Decompressor source(archive::Input(std::move(reading)), budget);
    EXPECT_TRUE(drain(source) == bytes);
    EXPECT_EQ(source.bytes_read(), stream.size());
  }
}

TEST(Decompressor, EndsWhileAPipeIsSilent) {
  int ends[2] = {};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const os::UniqueFd writing(ends[1]);
  archive::Budget budget({kPlenty, 0});
  const Decompressor source(archive::Input{os::UniqueFd(ends[0])}, budget);
}

TEST(Decompressor, EndsWhileNobodyTakesBlocks) {
  archive::Budget budget({kPlenty, 0});
  const Decompressor source(archive::Input(os::sealed_memory(noise(10'000'000), "stream")), budget);
}

}  // namespace

}  // namespace sdme::test
