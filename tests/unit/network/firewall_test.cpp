// SPDX-License-Identifier: MIT
#include "network/firewall.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::network {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As nft(8) lists them.
json::Value chain(const std::string& name, const std::string& policy, const std::string& family = "ip") {
  return {{"chain",
           {{"family", family}, {"table", "t"}, {"name", name}, {"hook", "input"}, {"policy", policy}, {"prio", 0}}}};
}

json::Value rule(const std::string& in, const json::Value& statements, const std::string& table = "t") {
  return {{"rule", {{"family", "ip"}, {"table", table}, {"chain", in}, {"expr", statements}}}};
}

json::Value match(const json::Value& left, const json::Value& right, const std::string& op = "==") {
  return {{"match", {{"op", op}, {"left", left}, {"right", right}}}};
}

const json::Value kFrom = {{"meta", {{"key", "iifname"}}}};
const json::Value kDrop = {{"drop", nullptr}};
const json::Value kAccept = {{"accept", nullptr}};
const json::Value kReject = {{"reject", {{"type", "icmpx"}}}};
const json::Value kCounter = {{"counter", {{"packets", 0}, {"bytes", 0}}}};

std::vector<std::string> drops(const std::vector<json::Value>& entries,
                               const std::vector<std::string>& bridges = {"sdme-links"}) {
  return dropping_chains({{"nftables", entries}}, "input", bridges);
}

TEST(Firewall, DropsByPolicyOrByItsLastRule) {
  EXPECT_THAT(drops({chain("IN", "drop")}), ElementsAre("ip t IN"));
  EXPECT_THAT(drops({chain("IN", "accept"), rule("IN", {kCounter, kReject})}), ElementsAre("ip t IN"));
  EXPECT_THAT(drops({chain("IN", "accept"), rule("IN", {{{"xt", {{"type", "target"}, {"name", "REJECT"}}}}})}),
              ElementsAre("ip t IN"));
  EXPECT_THAT(drops({chain("IN", "accept")}), IsEmpty());
  EXPECT_THAT(drops({chain("IN", "accept"), rule("IN", {match(kFrom, "eth0"), kDrop})}), IsEmpty());
  EXPECT_THAT(drops({chain("IN", "accept"), rule("IN", {kDrop}, "other")}), IsEmpty());
}

TEST(Firewall, OfAnotherHookOrOfIPv6AloneIsNothingToUs) {
  EXPECT_THAT(dropping_chains({{"nftables", {chain("IN", "drop")}}}, "forward", {"sdme-links"}), IsEmpty());
  EXPECT_THAT(drops({chain("IN", "drop", "ip6")}), IsEmpty());
  EXPECT_THAT(drops({chain("IN", "drop", "inet")}), ElementsAre("inet t IN"));
  EXPECT_THAT(dropping_chains(json::Value::object(), "input", {"sdme-links"}), IsEmpty());
}

TEST(Firewall, LetsInWhatARuleOnTheWayNames) {
  for (const auto& right :
       {json::Value("sdme-links"), json::Value("sdme*"), json::Value{{"set", {"eth0", "sdme-links"}}}}) {
    EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(kFrom, right), kAccept})}), IsEmpty()) << right;
  }
  const json::Value jump = {{"jump", {{"target", "ours"}}}};
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", json::Value::array({jump})),
                     rule("ours", {match(kFrom, "sdme-links"), kAccept})}),
              IsEmpty());
  EXPECT_THAT(drops({chain("IN", "drop"), rule("ours", {match(kFrom, "sdme-links"), kAccept})}), ElementsAre("ip t IN"))
      << "nobody gets there";
  EXPECT_THAT(
      drops({chain("IN", "drop"), rule("IN", json::Value::array({jump})), rule("ours", json::Value::array({jump}))}),
      ElementsAre("ip t IN"))
      << "in a circle";
}

TEST(Firewall, DoesNotLetInWhatARuleRefusesOrLeavesOut) {
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(kFrom, "sdme-links"), kDrop})}), ElementsAre("ip t IN"));
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(kFrom, "sdme-links", "!="), kAccept})}),
              ElementsAre("ip t IN"));
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(kFrom, "sdme-links"), kAccept})}, {"sdme-links", "sdz-a"}),
              ElementsAre("ip t IN"))
      << "the zone is not let in";
}

TEST(Firewall, LetsInWhatMayAskForAddresses) {
  const json::Value port = {{"payload", {{"protocol", "udp"}, {"field", "dport"}}}};
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(port, {{"set", {53, 67}}}), kAccept})}), IsEmpty());
  EXPECT_THAT(drops({chain("IN", "drop"), rule("IN", {match(port, 68), kAccept})}), ElementsAre("ip t IN"));
}

TEST(Firewall, HasLostTheRulesOfANetwork) {
  const json::Value table = {{"table", {{"family", "inet"}, {"name", "sdme-zone-a"}}}};
  EXPECT_THAT(lost_rules({{"nftables", {table}}}, {"links", "zone-a"}), ElementsAre("links"));
}

}  // namespace
}  // namespace sdme::network
