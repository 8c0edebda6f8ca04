// SPDX-License-Identifier: MIT
// A blob on its way, and the files of blobs.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "fetch/blob.hpp"
#include "fetch/blob_files.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::fetch {

using test::content;
using test::error_of;
using test::put;
using testing::HasSubstr;

const std::string kText = "all the bytes of a layer";

oci::Descriptor descriptor(const std::string& text = kText) {
  return {.media_type = {}, .digest = oci::Digest::of(text), .size = text.size()};
}

class BlobTest : public testing::Test {
 protected:
  BlobTest()
      : files((std::filesystem::create_directories(cache_path), cache_path),
              (put(dir / "blobs/x", ""), dir / "blobs")) {
    blob.begin(files.begin(blob.descriptor()));
  }

  std::string in_cache(const std::string& kind) const {
    const auto hex = std::string(blob.descriptor().digest.hex());
    return cache_path + (kind == "whole" ? "/blobs/sha256/" + hex : "/partial/sha256-" + hex + ".part");
  }
  std::string in_blobs(const std::string& end = "") const {
    return dir / ("blobs/sha256-" + std::string(blob.descriptor().digest.hex()) + end);
  }

  test::TempDir dir;
  std::string cache_path = dir / "cache";
  BlobFiles files;
  Blob blob{0, descriptor()};
};

TEST_F(BlobTest, InPieces) {
  blob.append(std::string_view(kText).substr(0, 7));
  EXPECT_EQ(blob.sendable(), 7U);
  EXPECT_FALSE(blob.complete());
  blob.append(std::string_view(kText).substr(7));
  EXPECT_TRUE(blob.complete());
  EXPECT_FALSE(blob.whole());
  blob.verify();
  EXPECT_TRUE(blob.whole());
  files.keep(blob.descriptor());
  EXPECT_EQ(content(in_blobs()), kText);
  EXPECT_FALSE(std::filesystem::exists(in_blobs(".part")));
}

TEST_F(BlobTest, StartsOverWithAnEmptyFile) {
  put(in_blobs(".part"), kText);
  blob.hash_again(kText);
  blob.start_over();
  blob.append(std::string_view(kText).substr(0, 7));
  EXPECT_EQ(content(in_blobs(".part")), kText.substr(0, 7));
}

TEST_F(BlobTest, WrongBytesAreFound) {
  auto wrong = kText;
  wrong[3] ^= 1;
  blob.append(wrong);
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { blob.verify(); }), HasSubstr(blob.shown()));
  EXPECT_FALSE(blob.whole());
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { blob.append(std::string_view("x")); }), HasSubstr("longer"));
}

TEST_F(BlobTest, WhatWasSentHasToComeAgain) {
  blob.append(std::string_view(kText).substr(0, 10));
  blob.count_sent(6);
  blob.rewind();
  EXPECT_EQ(blob.sendable(), 0U);
  blob.append(std::string_view(kText).substr(0, 3));
  auto other = kText.substr(3);
  other[5] ^= 1;  // at 8: it was written and not sent
  blob.append(other);
  EXPECT_EQ(content(in_blobs(".part")), kText.substr(0, 3) + other);
  error_of(Errc::kVerificationFailed, [&] { blob.verify(); });

  blob.rewind();
  blob.append(kText);
  EXPECT_EQ(content(in_blobs(".part")), kText);
  blob.verify();
}

TEST_F(BlobTest, OtherBytesThanWereSentAreRefused) {
  blob.append(kText);
  blob.count_sent(6);
  blob.rewind();
  auto other = kText;
  other[5] ^= 1;
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { blob.append(other); }), HasSubstr("other bytes"));
  EXPECT_EQ(content(in_blobs(".part")), kText);
}

TEST_F(BlobTest, WhatOthersKeptIsHeldBack) {
  put(in_cache("partial"), kText.substr(0, 9));
  const auto size = files.take_over(blob.descriptor(), blob.file());
  ASSERT_EQ(size, 9U);
  EXPECT_EQ(content(in_blobs(".part")), kText.substr(0, 9));
  blob.hash_again(std::string_view(kText).substr(0, 9));
  blob.append(std::string_view(kText).substr(9));
  EXPECT_EQ(blob.sendable(), 0U);
  blob.verify();
  EXPECT_EQ(blob.sendable(), kText.size());
}

TEST_F(BlobTest, PartialsThatCannotBe) {
  EXPECT_EQ(files.take_over(blob.descriptor(), blob.file()), 0U);
  put(in_cache("partial"), kText + "more");
  EXPECT_EQ(files.take_over(blob.descriptor(), blob.file()), 0U);
  std::filesystem::remove(in_cache("partial"));
  std::filesystem::create_symlink("/etc/passwd", in_cache("partial"));
  EXPECT_EQ(files.take_over(blob.descriptor(), blob.file()), 0U);
}

TEST_F(BlobTest, WrongOnesGoFromTheCacheToo) {
  files.discard(blob.descriptor(), blob.file());
  EXPECT_FALSE(std::filesystem::exists(in_blobs(".part")));
  put(in_cache("partial"), "wrong");
  Blob again(0, descriptor());
  again.begin(files.begin(again.descriptor()));
  again.append(kText);
  files.discard(again.descriptor(), again.file());
  EXPECT_TRUE(std::filesystem::exists(in_blobs(".part")));
  EXPECT_EQ(content(in_blobs(".part")), "");
}

TEST_F(BlobTest, TheCacheIsNotBelieved) {
  EXPECT_FALSE(files.find_whole(blob.descriptor()));
  put(in_cache("whole"), kText + "x");
  EXPECT_FALSE(files.find_whole(blob.descriptor()));  // of another size
  auto wrong = kText;
  wrong[0] ^= 1;
  put(in_cache("whole"), wrong);
  EXPECT_TRUE(files.find_whole(blob.descriptor()));
  EXPECT_FALSE(files.read(blob.descriptor()));
  put(in_cache("whole"), kText);
  EXPECT_EQ(files.read(blob.descriptor()), kText);
  std::filesystem::remove(in_cache("whole"));
  std::filesystem::create_symlink("/etc/passwd", in_cache("whole"));
  EXPECT_FALSE(files.find_whole(blob.descriptor()));
}

TEST_F(BlobTest, WithoutACache) {
  put(in_cache("whole"), kText);
  const BlobFiles none("", dir / "blobs");
  EXPECT_FALSE(none.find_whole(blob.descriptor()));
  EXPECT_FALSE(none.read(blob.descriptor()));
}

}  // namespace sdme::fetch
