// SPDX-License-Identifier: MIT
#include "store/blob_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
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

// Who fetches talks to strangers. What it leaves costs the daemon neither its life nor its loop, nor others their cache.
TEST_F(BlobCacheTest, SurvivesDescriptorsThatAreNone) {
  auto cache = open();
  const json::Value good = {
      {"mediaType", "m"}, {"digest", "sha256:" + hex('a')}, {"size", 2}, {"annotations", {{"n", "x"}}}};
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, json::Value>>{{"annotations", nullptr},
                                                        {"annotations", "x"},
                                                        {"digest", 7},
                                                        {"size", -1},
                                                        {"mediaType", json::Value::array()}}) {
    auto bad = good;
    bad[key] = value;
    if (value.is_null()) bad.erase(key);
    put(cache.make_fetch(3) + "/" + name('a') + ".image", bad.dump());
    cache.adopt(3);
  }
  const auto index = json::parse(content(temp_ / "cache/oci/index.json"), "index");
  EXPECT_TRUE(index.at("manifests").empty());
  EXPECT_TRUE(std::filesystem::is_empty(temp_ / "cache/fetch"));
}

TEST_F(BlobCacheTest, ItsIndexStaysSmallEnoughToBeRead) {
  auto cache = open();
  const auto listed = [&] {
    return json::parse(content(temp_ / "cache/oci/index.json"), "index").at("manifests").size();
  };
  const auto pull_named = [&](const std::string& reference) {
    const auto fetch = cache.make_fetch(3);
    for (const char digit : {'1', '2', '3', '4', '5', '6', '7', '8', '9', 'a'}) {
      put(fetch + "/" + name(digit) + ".image", json::Value{{"mediaType", "m"},
                                                            {"digest", "sha256:" + hex(digit)},
                                                            {"size", 2},
                                                            {"annotations", {{"n", reference + digit}}}}
                                                    .dump());
    }
    cache.adopt(3);
  };
  pull_named(std::string(60'000, 'x'));
  EXPECT_EQ(listed(), 0U);
  pull_named("x");
  EXPECT_EQ(listed(), 4U) << "a pull is of one image, and each costs the index a sync";
  put(temp_ / "cache/oci/index.json", std::string(5 << 20, ' '));
  pull_named("y");
  EXPECT_EQ(listed(), 4U) << "one that cannot be read begins anew";
}

TEST_F(BlobCacheTest, TakesSoManyNamesAndNoMore) {
  auto cache = open(1'000'000);
  const auto fetch = cache.make_fetch(3);
  constexpr std::size_t kMade = 6000;
  for (std::size_t i = 0; i < kMade; ++i) {
    const auto number = std::to_string(i);
    put(fetch + "/sha256-" + std::string(64 - number.size(), '0') + number, "x");
  }
  cache.adopt(3);
  EXPECT_EQ(cache.list().size(), 4096U);
  EXPECT_TRUE(std::filesystem::is_empty(temp_ / "cache/fetch"));
}

TEST_F(BlobCacheTest, NothingStaysForEver) {
  auto cache = open(1000);
  const auto fetch = cache.make_fetch(3);
  put(fetch + "/" + name('a'), "");
  put(partial('b'), "wrong, as a pull has found");
  put(fetch + "/" + name('b') + ".part", "");
  put(fetch + "/" + name('c'), "x");
  const os::UniqueFd file(::open((fetch + "/" + name('c')).c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, 32 << 20), 0);
  cache.adopt(3);
  EXPECT_THAT(digests(cache), IsEmpty()) << "an empty one, and one that takes more than it says";
  EXPECT_FALSE(std::filesystem::exists(partial('b')));

  for (const time_t forged : {time_t{4'000'000'000}, time_t{-5}}) {
    pull(cache, 'd', 900, forged);
    ASSERT_EQ(cache.list().size(), 1U);
    EXPECT_LE(cache.list().front().used_usec, realtime_usec());
  }
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
