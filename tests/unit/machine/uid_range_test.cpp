// SPDX-License-Identifier: MIT
#include "machine/uid_range.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/expect_error.hpp"

namespace sdme::machine {
namespace {

constexpr std::uint32_t kRange = 65'536;

struct World {
  std::set<std::uint32_t> locked;
  std::set<std::uint32_t> accounts;
  std::vector<IdSpan> taken;

  IdSources sources() const {
    return {.lock =
                [this](std::uint32_t base) {
                  return locked.contains(base) ? os::UniqueFd()
                                               : os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
                },
            .is_account = [this](std::uint32_t id) { return accounts.contains(id); },
            .taken = [this] { return taken; }};
  }
  std::uint32_t take() const { return take_uid_range("web", sources()).base; }
};

TEST(UidRange, IsOneOfSystemdsAndHoldsItsLock) {
  const auto range = take_uid_range("web", World().sources());
  EXPECT_EQ(range.base % kRange, 0U);
  EXPECT_GE(range.base, 0x0008'0000U);
  EXPECT_LE(range.base, 0x6FFF'0000U);
  EXPECT_TRUE(range.lock);
}

TEST(UidRange, SameNameMostlyGetsTheSame) {
  EXPECT_EQ(World().take(), World().take());
  EXPECT_NE(World().take(), take_uid_range("db", World().sources()).base);
}

TEST(UidRange, PassesOverWhatIsLockedOrAnAccountOrTaken) {
  World world;
  const auto first = world.take();
  world.locked.insert(first);
  world.accounts.insert(first + kRange);
  world.taken.push_back({.first = first + 3 * kRange - 1, .count = 1});  // the last id of the third
  EXPECT_EQ(world.take(), first + 3 * kRange);
}

TEST(UidRange, NeighboursDoNotOverlap) {
  World world;
  const auto first = world.take();
  world.taken.push_back({.first = first - kRange, .count = kRange});
  world.taken.push_back({.first = first + kRange, .count = kRange});
  EXPECT_EQ(world.take(), first);
}

TEST(UidRange, NoneIsASentence) {
  World world;
  world.taken.push_back({.first = 0, .count = 0xFFFF'FFFF});
  EXPECT_THAT(test::error_of(Errc::kLimitExceeded, [&] { world.take(); }), testing::HasSubstr("user ids"));
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs(const std::vector<IdSpan>& spans) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  for (const auto& span : spans) found.emplace_back(span.first, span.count);
  return found;
}

TEST(ParseSubids, ReadsWhatIsWellFormed) {
  EXPECT_THAT(pairs(parse_subids("alice:100000:65536\nbad\nbob:x:1\n1001:165536:65536\nc:1:99999999999999\n")),
              testing::ElementsAre(std::pair(100'000, 65'536), std::pair(165'536, 65'536)));
}

TEST(ParseIdMap, LeavesOutTheHostsOwn) {
  EXPECT_THAT(parse_id_map("         0          0 4294967295\n"), testing::IsEmpty());
  EXPECT_THAT(pairs(parse_id_map("0 524288 65536\n65536 1000 1\n")),
              testing::ElementsAre(std::pair(524'288, 65'536), std::pair(1000, 1)));
  EXPECT_THAT(parse_id_map("what"), testing::IsEmpty());
}

}  // namespace
}  // namespace sdme::machine
