// SPDX-License-Identifier: MIT
#include "store/blob_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {

using test::content;
using test::put;
using testing::ElementsAre;
using testing::IsEmpty;

class BlobCacheTest : public testing::Test {
 protected:
  static std::string hex(char digit) { return std::string(64, digit); }
  static std::string name(char digit) { return "sha256-" + hex(digit); }
  std::string blob(char digit) const { return temp_ / ("cache/oci/blobs/sha256/" + hex(digit)); }
  std::string partial(char digit) const { return temp_ / ("cache/oci/partial/" + name(digit) + ".part"); }
  BlobCache open(std::uint64_t max = 1000) const { return {temp_ / "cache", max}; }

  // One pull that leaves a blob of so many bytes, last used so many seconds after 1970.
  static void pull(BlobCache& cache, char digit, std::size_t size, time_t used) {
    const auto file = cache.make_fetch(1) + "/" + name(digit);
    put(file, std::string(size, 'x'));
    const timespec times[] = {{used, 0}, {used, 0}};
    utimensat(AT_FDCWD, file.c_str(), times, 0);
    cache.adopt(1);
  }
  static std::vector<std::string> digests(const BlobCache& cache) {
    std::vector<std::string> all;
    for (const auto& blob : cache.list()) all.push_back(blob.digest);
    return all;
  }

  test::TempDir temp_;
};

TEST_F(BlobCacheTest, IsAnOciLayoutFromTheStart) {
  const auto cache = open();
  EXPECT_EQ(content(temp_ / "cache/oci/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  const auto index = json::parse(content(temp_ / "cache/oci/index.json"), "index");
  EXPECT_EQ(index.at("schemaVersion"), 2);
  EXPECT_TRUE(index.at("manifests").empty());
}

TEST_F(BlobCacheTest, TakesWholeAndBrokenOffBlobsOfAPull) {
  auto cache = open();
  const auto fetch = cache.make_fetch(7);
  struct stat found = {};
  ASSERT_EQ(stat(fetch.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0777U) << "whatever user the unit gets";
  ASSERT_EQ(stat((temp_ / "cache").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700U) << "and nobody else gets there";
  put(fetch + "/" + name('a'), "whole");
  put(fetch + "/" + name('b') + ".part", "half");
  cache.adopt(7);
  EXPECT_EQ(content(blob('a')), "whole");
  EXPECT_EQ(content(partial('b')), "half");
  EXPECT_FALSE(std::filesystem::exists(fetch));

  put(cache.make_fetch(8) + "/" + name('b'), "halfwhole");
  cache.adopt(8);
  EXPECT_EQ(content(blob('b')), "halfwhole");
  EXPECT_FALSE(std::filesystem::exists(partial('b')));
}

TEST_F(BlobCacheTest, ReplacesWhatHadToBeFetchedAgain) {
  auto cache = open();
  for (const auto* text : {"damaged", "good"}) {
    put(cache.make_fetch(7) + "/" + name('a'), text);
    cache.adopt(7);
  }
  EXPECT_EQ(content(blob('a')), "good");
}

TEST_F(BlobCacheTest, TakesNothingElse) {
  auto cache = open();
  const auto fetch = cache.make_fetch(7);
  put(temp_ / "secret", "secret");
  ASSERT_EQ(symlink((temp_ / "secret").c_str(), (fetch + "/" + name('a')).c_str()), 0);
  std::filesystem::create_directory(fetch + "/" + name('b'));
  for (const auto* odd : {"sha256-abc", "md5-", "index.json", "result.json", "sha256-", "x.part"})
    put(fetch + "/" + odd, "x");
  put(fetch + "/sha256-" + std::string(64, 'A'), "upper case");
  put(fetch + "/" + name('c') + ".other", "x");
  put(fetch + "/" + name('d') + ".image", "no json");
  cache.adopt(7);
  EXPECT_THAT(digests(cache), IsEmpty());
  EXPECT_EQ(content(temp_ / "secret"), "secret");
  EXPECT_TRUE(std::filesystem::is_empty(temp_ / "cache/fetch"));
}

TEST_F(BlobCacheTest, HoldsItsBoundByTheTimeOfUse) {
  auto cache = open(1000);
  pull(cache, 'a', 400, 100);
  pull(cache, 'b', 400, 200);
  put(cache.make_fetch(2) + "/" + name('a') + ".used", "");
  cache.adopt(2);
  pull(cache, 'c', 400, 300);
  EXPECT_EQ(digests(cache).size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(blob('b'))) << "the one used longest ago";
  EXPECT_TRUE(std::filesystem::exists(blob('a')));
  pull(cache, 'd', 2000, 400);
  EXPECT_FALSE(std::filesystem::exists(blob('d'))) << "too large for the cache";
  EXPECT_EQ(digests(cache).size(), 2U);
}

TEST_F(BlobCacheTest, IsCleanedWhollyWhenAsked) {
  auto cache = open();
  pull(cache, 'a', 10, 100);
  put(cache.make_fetch(2) + "/" + name('b') + ".part", "12345");
  cache.adopt(2);
  const auto freed = cache.clean(0);
  EXPECT_EQ(freed.count, 1U);
  EXPECT_EQ(freed.bytes, 15U);
  EXPECT_THAT(digests(cache), IsEmpty());
  EXPECT_FALSE(cache.trash_is_empty());
}

TEST_F(BlobCacheTest, ListsTheImagesThatAreHere) {
  auto cache = open();
  const auto image = [&](char digit, const std::string& reference) {
    const auto fetch = cache.make_fetch(3);
    put(fetch + "/" + name(digit), "{}");
    put(fetch + "/" + name(digit) + ".image",
        json::Value{{"mediaType", "m"},
                    {"digest", "sha256:" + hex(digit)},
                    {"size", 2},
                    {"annotations", {{"org.opencontainers.image.ref.name", reference}}}}
            .dump());
    cache.adopt(3);
  };
  const auto listed = [&] {
    std::vector<std::string> found;
    const auto index = json::parse(content(temp_ / "cache/oci/index.json"), "index");
    for (const auto& one : index.at("manifests")) found.push_back(one.at("digest").get<std::string>().substr(7, 1));
    return found;
  };
  image('a', "x:1");
  image('b', "y:1");
  image('c', "x:1");
  EXPECT_THAT(listed(), ElementsAre("b", "c")) << "a tag that moved names the new image alone";
  cache.clean(0);
  EXPECT_THAT(listed(), IsEmpty());
}

TEST_F(BlobCacheTest, ThatIsOffKeepsNothing) {
  auto cache = open(0);
  EXPECT_FALSE(cache.enabled());
  put(cache.make_fetch(1) + "/" + name('a'), "whole");
  cache.adopt(1);
  EXPECT_THAT(digests(cache), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(temp_ / "cache/fetch"));
}

TEST_F(BlobCacheTest, SweepTakesOverWhatADeadDaemonLeft) {
  {
    auto cache = open();
    put(cache.make_fetch(1) + "/" + name('a'), "whole");
    put(cache.make_fetch(2) + "/" + name('b'), "running");
    put(temp_ / "cache/fetch/odd/x", "");
  }
  auto cache = open();
  cache.sweep({2});
  EXPECT_THAT(digests(cache), ElementsAre("sha256:" + hex('a')));
  EXPECT_THAT(os::Dir::open(temp_ / "cache/fetch").entries(), ElementsAre("2"));
}

}  // namespace sdme::store
