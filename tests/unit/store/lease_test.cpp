// SPDX-License-Identifier: MIT
#include "store/lease.hpp"

#include <memory>

#include "support/expect_error.hpp"

namespace sdme::store {

using test::error_of;

TEST(Lease, NamesTheThingAndItsHolder) {
  LeaseTable table;
  const auto lease =
      table.acquire({{"container/web", Claim::kExclusive}, {"rootfs/debian", Claim::kShared}}, "job 17 (start)");
  EXPECT_EQ(error_of(Errc::kBusy, [&] { table.acquire({{"container/web", Claim::kExclusive}}, "job 18 (stop)"); }),
            "container 'web' is busy: job 17 (start) works on it");
  EXPECT_EQ(error_of(Errc::kBusy, [&] { table.acquire({{"rootfs/debian", Claim::kExclusive}}, "job 18 (import)"); }),
            "root filesystem 'debian' is busy: job 17 (start) works on it");
  EXPECT_EQ(table.holder("container/web"), "job 17 (start)");
  EXPECT_EQ(table.holder("container/other"), std::nullopt);
}

TEST(Lease, SharesOrExcludes) {
  LeaseTable table;
  auto one = table.acquire({{"rootfs/a", Claim::kShared}}, "one");
  const auto two = table.acquire({{"rootfs/a", Claim::kShared}}, "two");
  error_of(Errc::kBusy, [&] { table.acquire({{"rootfs/a", Claim::kExclusive}}, "three"); });
  one.release();
  EXPECT_THAT(error_of(Errc::kBusy, [&] { table.acquire({{"rootfs/a", Claim::kExclusive}}, "three"); }),
              testing::HasSubstr("two"));
  auto alone = table.acquire({{"rootfs/b", Claim::kExclusive}}, "alone");
  error_of(Errc::kBusy, [&] { table.acquire({{"rootfs/b", Claim::kShared}}, "three"); });
  error_of(Errc::kBusy, [&] { table.acquire({{"rootfs/b", Claim::kShared}}, "alone"); });
}

TEST(Lease, TakesAllOrNothing) {
  LeaseTable table;
  const auto held = table.acquire({{"container/b", Claim::kExclusive}}, "holder");
  const std::vector<Claim> claims = {
      {"container/a", Claim::kExclusive}, {"container/b", Claim::kShared}, {"container/c"}};
  error_of(Errc::kBusy, [&] { table.acquire(claims, "other"); });
  EXPECT_FALSE(table.holder("container/a"));
  EXPECT_FALSE(table.holder("container/c"));
}

TEST(Lease, ReturnsItsNamesOnce) {
  LeaseTable table;
  auto first = table.acquire({{"a"}, {"b", Claim::kShared}}, "one");
  auto second = std::move(first);
  first.release();
  EXPECT_TRUE(table.holder("a")) << "what was moved from gives nothing back";
  second = table.acquire({{"c"}}, "two");
  EXPECT_FALSE(table.holder("a")) << "what is assigned over gives back what it had";
  EXPECT_TRUE(table.holder("c"));
  {
    const auto third = std::move(second);
    EXPECT_TRUE(table.holder("c"));
  }
  EXPECT_FALSE(table.holder("c"));
  second.release();
}

TEST(Lease, OneHolderMayShareTwice) {
  LeaseTable table;
  auto one = table.acquire({{"a", Claim::kShared}}, "same");
  const auto two = table.acquire({{"a", Claim::kShared}}, "same");
  one.release();
  EXPECT_EQ(table.holder("a"), "same");
}

TEST(Lease, TwiceClaimedIsClaimedOnce) {
  LeaseTable table;
  {
    const auto lease = table.acquire({{"a", Claim::kShared}, {"a", Claim::kExclusive}, {"a", Claim::kShared}}, "one");
    EXPECT_EQ(lease.claims().size(), 1U);
    error_of(Errc::kBusy, [&] { table.acquire({{"a", Claim::kShared}}, "two"); });
  }
  EXPECT_FALSE(table.holder("a"));
}

TEST(Lease, OutlivesItsTable) {
  auto table = std::make_unique<LeaseTable>();
  auto lease = table->acquire({{"a"}}, "one");
  table.reset();
  lease.release();
}

TEST(Lease, HostileNamesArePrintable) {
  LeaseTable table;
  const auto lease = table.acquire({{"container/a\nb"}}, "one");
  EXPECT_EQ(error_of(Errc::kBusy, [&] { table.acquire({{"container/a\nb"}}, "two"); }),
            "container 'a?b' is busy: one works on it");
}

}  // namespace sdme::store
