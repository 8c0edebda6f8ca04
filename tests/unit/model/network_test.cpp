// SPDX-License-Identifier: MIT
#include "model/network.hpp"

#include "model/address.hpp"
#include "support/expect_error.hpp"

namespace sdme::model {

using testing::HasSubstr;
using Mode = Network::Mode;

constexpr AddressPool kPool{.base = 10U << 24U | 77U << 16U};

Network zone(const std::string& name) { return {.mode = Mode::kZone, .name = name}; }

TEST(Network, IsReadAsItIsWritten) {
  for (const auto* text : {"host", "private", "veth", "zone:lan", "bridge:br0", "macvlan:eth0.7", "pod:web"}) {
    EXPECT_EQ(Network::parse(text).str(), text);
    EXPECT_EQ(Network::from_json(Network::parse(text).to_json()).str(), text);
  }
}

TEST(Network, RefusesWhatNamesNothing) {
  for (const auto* text : {"", "none", "Host", "zone", "zone:", "bridge:", "zone:Lan", "zone:a_b", "bridge:a/b",
                           "bridge:..", "macvlan:a b", "bridge:abcdefghijklmnop", "private:x", "host:", "pod:A"}) {
    test::error_of(Errc::kInvalidArgument, [&] { Network::parse(text); });
  }
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [] { Network::parse("zone:abcdefghijkl"); }),
              HasSubstr("at most 11"));
  EXPECT_NO_THROW(Network::parse("zone:abcdefghijk"));
  EXPECT_NO_THROW(Network::parse("bridge:abcdefghijklmno"));
}

TEST(Address, IsTheFirstThatNobodyHas) {
  auto first = with_address(zone("a"), {}, kPool);
  EXPECT_EQ(to_text(first.address), "10.77.16.2");
  EXPECT_EQ(to_text(first.gateway()), "10.77.16.1");
  auto second = with_address(zone("a"), {first}, kPool);
  EXPECT_EQ(to_text(second.address), "10.77.16.3");
  EXPECT_EQ(to_text(with_address(zone("a"), {second}, kPool).address), "10.77.16.2");
}

TEST(Address, OfAnotherZoneIsOnAnotherNetwork) {
  const auto a = with_address(zone("a"), {}, kPool);
  const auto b =
      with_address(zone("b"), {a, Network{.mode = Mode::kHost}, Network{.mode = Mode::kBridge, .name = "a"}}, kPool);
  EXPECT_EQ(to_text(b.address), "10.77.17.2");
  EXPECT_EQ(to_text(with_address(zone("a"), {a, b}, kPool).address), "10.77.16.3");
}

TEST(Address, LinksHaveANetworkOfTheirOwnThatIsLarger) {
  std::vector<Network> taken;
  for (int i = 0; i < 300; ++i) taken.push_back(with_address({.mode = Mode::kVeth}, taken, kPool));
  EXPECT_EQ(to_text(taken.front().address), "10.77.0.2");
  EXPECT_EQ(to_text(taken.back().address), "10.77.1.45");
  EXPECT_EQ(to_text(taken.back().gateway()), "10.77.0.1");
  EXPECT_EQ(taken.back().prefix, 20);
}

TEST(Address, AZoneIsFullAtSomeTime) {
  std::vector<Network> taken;
  for (int i = 0; i < 253; ++i) taken.push_back(with_address(zone("a"), taken, kPool));
  EXPECT_EQ(to_text(taken.back().address), "10.77.16.254");
  test::error_of(Errc::kLimitExceeded, [&] { with_address(zone("a"), taken, kPool); });
}

TEST(Address, ThereAreOnlySoManyZones) {
  std::vector<Network> taken;
  for (int i = 0; i < 240; ++i) taken.push_back(with_address(zone("z" + std::to_string(i)), taken, kPool));
  EXPECT_EQ(to_text(taken.back().address), "10.77.255.2");
  test::error_of(Errc::kLimitExceeded, [&] { with_address(zone("more"), taken, kPool); });
}

TEST(AddressPool, IsPrivateAndOfSixteenBits) {
  EXPECT_EQ(AddressPool::parse("10.77.0.0/16").base, kPool.base);
  EXPECT_NO_THROW(AddressPool::parse("172.31.0.0/16"));
  EXPECT_NO_THROW(AddressPool::parse("192.168.0.0/16"));
  for (const auto* text :
       {"", "10.77.0.0", "10.77.0.0/24", "10.77.1.0/16", "8.8.0.0/16", "172.32.0.0/16", "x/16", "::/16"}) {
    test::error_of(Errc::kInvalidArgument, [&] { AddressPool::parse(text); });
  }
}

TEST(AddressPool, FollowsTheMachine) {
  const auto one = AddressPool::of_host("0123456789abcdef0123456789abcdef");
  EXPECT_EQ(one.base, AddressPool::of_host("0123456789abcdef0123456789abcdef").base);
  EXPECT_NE(one.base, AddressPool::of_host("1123456789abcdef0123456789abcdef").base);
  EXPECT_EQ(one.base >> 24U, 10U);
  EXPECT_GE(one.base >> 16U & 255U, 64U);
  EXPECT_EQ(one.base & 0xFFFFU, 0U);
}

}  // namespace sdme::model
