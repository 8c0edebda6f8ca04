// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/bridge.hpp"
#include "network/link.hpp"
#include "network/names.hpp"
#include "network/ports.hpp"
#include "support/expect_error.hpp"

namespace sdme::network {

using model::Network;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kUuid = "0b5ea5d27a114b029a363d9c7e0d8f10";
constexpr Subnet kSubnet{.gateway = 10U << 24U | 77U << 16U | 16U << 8U | 1U, .prefix = 24};

TEST(Names, FitAnInterface) {
  const auto longest = Network::parse("zone:" + std::string(model::kLongestZone, 'z'));
  for (const auto& name : {bridge_of(instance_of(longest)), bridge_of("links"), outer_end(kUuid), inner_end(kUuid)}) {
    EXPECT_LE(name.size(), 15U) << name;
  }
  EXPECT_EQ(unit_of(instance_of(Network::parse("zone:lan"))), "sdme-network@zone-lan.service");
  EXPECT_EQ(instance_of(Network::parse("veth")), "links");
  EXPECT_EQ(domain_of("zone-lan"), "lan.internal");
  EXPECT_EQ(domain_of("links"), "");
}

TEST(Names, OfAnOldUuidAreTheSame) {
  EXPECT_EQ(outer_end("0b5ea5d2-7a11-4b02-9a36-3d9c7e0d8f10"), outer_end(kUuid));
  EXPECT_EQ(mac_of("0b5ea5d2-7a11-4b02-9a36-3d9c7e0d8f10"), "0a:0b:5e:a5:d2:7a");
}

TEST(Subnet, IsReadAsItIsWritten) {
  EXPECT_EQ(kSubnet.str(), "10.77.16.1/24");
  EXPECT_EQ(Subnet::parse("10.77.16.1/24").gateway, kSubnet.gateway);
  for (const auto* text : {"", "10.77.16.1", "10.77.16.1/33", "x/24", "10.77.16.1/"})
    test::error_of(Errc::kCorrupt, [&] { Subnet::parse(text); });
}

TEST(Rules, KeepNetworksApart) {
  const auto rules = nft_rules("zone-lan", kSubnet);
  EXPECT_THAT(rules, HasSubstr("ip saddr 10.77.16.0/24 oifname != \"sdz-lan\" masquerade"));
  EXPECT_THAT(rules, HasSubstr("oifname \"sdz-lan\" iifname != \"sdz-lan\" drop"));
}

TEST(Dnsmasq, GivesNamesInZonesAlone) {
  const auto zone = dnsmasq_conf("zone-lan", kSubnet);
  EXPECT_THAT(zone, HasSubstr("hostsdir="));
  EXPECT_THAT(zone, HasSubstr("dhcp-ignore-names"));
  EXPECT_THAT(zone, HasSubstr("interface=sdz-lan"));
  EXPECT_THAT(dnsmasq_conf("links", kSubnet), Not(HasSubstr("\nhostsdir=")));
  EXPECT_THAT(resolv_conf("zone-lan", kSubnet), HasSubstr("nameserver 10.77.16.1\nsearch lan.internal\n"));
}

TEST(PortUnit, IsOneForEachPort) {
  EXPECT_EQ(port_unit("web", model::Port::parse("8080:80")), "sdme-port-web-8080-tcp.socket");
  EXPECT_EQ(port_unit("web", model::Port::parse("127.0.0.1:53:53/udp")), "sdme-port-web-127.0.0.1-53-udp.socket");
  EXPECT_EQ(port_unit("web", model::Port::parse("[::1]:8080:80")), "sdme-port-web-::1-8080-tcp.socket");
}

}  // namespace sdme::network
