// SPDX-License-Identifier: MIT
#include "model/definition.hpp"

#include "support/expect_error.hpp"

namespace sdme::model {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Definition, SaysWhatReachesTheHost) {
  EXPECT_THAT((Definition{.network = {.mode = Network::Mode::kPrivate}, .userns = true}).host_features(), IsEmpty());
  EXPECT_FALSE((Definition{.network = {.mode = Network::Mode::kPrivate}, .userns = true}).privileged());
  EXPECT_THAT(Definition{}.host_features(), ElementsAre("host-network", "no-user-namespace"));
  EXPECT_THAT(
      (Definition{.host_clone = true, .network = {.mode = Network::Mode::kPrivate}, .userns = true}).host_features(),
      ElementsAre("host-clone"));
  EXPECT_TRUE((Definition{.network = {.mode = Network::Mode::kPrivate}}).privileged());
  EXPECT_TRUE((Definition{.userns = true}).privileged());
}

Definition confined(Security security) {
  return {.network = {.mode = Network::Mode::kPrivate}, .userns = true, .security = std::move(security)};
}

TEST(Definition, ReachesTheHostByWhatIsMoreThanSystemdNspawnGives) {
  EXPECT_THAT(confined({.capabilities = {"CAP_SYS_MODULE"}}).host_features(), ElementsAre("capability:CAP_SYS_MODULE"));
  EXPECT_THAT(confined({.capabilities = {"CAP_SYS_PTRACE", "CAP_NET_RAW"}}).host_features(), IsEmpty());
  EXPECT_THAT(confined({.system_call_filter = {"~@debug", "bpf", "@keyring"}}).host_features(),
              ElementsAre("system-call:bpf", "system-call:@keyring"));
  EXPECT_THAT(confined({.apparmor_profile = "-unconfined"}).host_features(), ElementsAre("unconfined"));
  EXPECT_THAT(confined({.drop_capabilities = {"CAP_BPF"},
                        .no_new_privileges = true,
                        .read_only = true,
                        .apparmor_profile = "sdme-default"})
                  .host_features(),
              IsEmpty());
}

TEST(Definition, NetworkOfItsOwnIsItsOwnToManage) {
  auto definition = confined({.capabilities = {"CAP_NET_ADMIN"}});
  EXPECT_THAT(definition.host_features(), IsEmpty());
  definition.network = {};
  EXPECT_THAT(definition.host_features(), ElementsAre("host-network", "capability:CAP_NET_ADMIN"));
}

TEST(Definition, ManagesItsInterfaceWhereNobodyElseDoes) {
  auto definition = confined({.drop_capabilities = {"CAP_NET_ADMIN"}});
  EXPECT_NO_THROW(definition.check());
  definition.network = {.mode = Network::Mode::kBridge, .name = "br0"};
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { definition.check(); }), testing::HasSubstr("CAP_NET_ADMIN"));
  definition.security.drop_capabilities = {"CAP_NET_RAW"};
  EXPECT_NO_THROW(definition.check());
}

TEST(Definition, IsSetUpFromOutsideWhereItCannotDoThat) {
  EXPECT_FALSE(confined({}).needs_setup());
  EXPECT_FALSE(confined({.drop_capabilities = {"CAP_SYS_PTRACE"}}).needs_setup());
  EXPECT_TRUE(confined({.drop_capabilities = {"CAP_NET_RAW"}}).needs_setup());
}

class OciPod : public testing::Test {
 protected:
  static Definition in_shop(const std::string& network, Security security = {}) {
    return {.network = Network::parse(network), .oci_pod = "shop", .security = std::move(security)};
  }
  static std::string refusal(const Definition& definition) {
    return test::error_of(Errc::kInvalidArgument, [&] { definition.check(); });
  }
};

TEST_F(OciPod, IsThePodOfAContainerWithANetworkOfItsOwn) {
  for (const auto* network : {"private", "veth", "zone:lan", "bridge:br0", "macvlan:eth0"}) {
    EXPECT_NO_THROW(in_shop(network).check()) << network;
    EXPECT_EQ(in_shop(network).pod(), "shop");
  }
  EXPECT_EQ((Definition{.network = Network::parse("pod:web")}).pod(), "web");
  EXPECT_EQ(Definition{}.pod(), "");
  EXPECT_THAT(refusal(in_shop("pod:shop")), HasSubstr("--oci-pod ''"));
  EXPECT_THAT(refusal(in_shop("host")), HasSubstr("--private-network"));
}

TEST_F(OciPod, IsNotForAUserNamespace) {
  auto definition = in_shop("private");
  EXPECT_THAT(definition.host_features(), ElementsAre("no-user-namespace"));
  definition.userns = true;
  EXPECT_THAT(refusal(definition), HasSubstr("--no-userns"));
}

TEST_F(OciPod, NeedsAGuestThatMayEnterIt) {
  EXPECT_NO_THROW(in_shop("veth", {.no_new_privileges = true, .read_only = true}).check());
  EXPECT_THAT(refusal(in_shop("veth", {.drop_capabilities = {"CAP_SYS_ADMIN"}})), HasSubstr("CAP_SYS_ADMIN"));
  EXPECT_THAT(refusal(in_shop("veth", {.drop_capabilities = {"CAP_NET_ADMIN"}})), HasSubstr("CAP_NET_ADMIN"));
  for (const auto* call : {"~setns", "~@process", "~@known"})
    EXPECT_THAT(refusal(in_shop("veth", {.system_call_filter = {call}})), HasSubstr(call + 1));
  EXPECT_NO_THROW(in_shop("veth", {.system_call_filter = {"~unshare", "setns"}}).check());
}

TEST_F(OciPod, NeedsTheCapabilityThatANetworkSetUpFromOutsideTakes) {
  Security security{.drop_capabilities = {"CAP_NET_RAW"}};
  EXPECT_NO_THROW(in_shop("private", security).check());
  EXPECT_THAT(refusal(in_shop("veth", security)), HasSubstr("CAP_NET_ADMIN"));
  security.capabilities = {"CAP_NET_ADMIN"};
  EXPECT_NO_THROW(in_shop("veth", security).check());
}

TEST_F(OciPod, IsNoneOrAName) {
  EXPECT_EQ(parse_oci_pod(""), "");
  EXPECT_EQ(parse_oci_pod("shop"), "shop");
  test::error_of(Errc::kInvalidArgument, [] { parse_oci_pod("../shop"); });
  auto value = in_shop("private").to_json();
  EXPECT_EQ(Definition::from_json(value).oci_pod, "shop");
  value["oci_pod"] = "../shop";
  test::error_of(Errc::kInvalidArgument, [&] { Definition::from_json(value); });
  value.erase("oci_pod");  // of before there was one
  EXPECT_EQ(Definition::from_json(value).oci_pod, "");
}

TEST(Definition, ComesBackFromJson) {
  const Definition given{.host_clone = true,
                         .network = {.mode = Network::Mode::kPrivate},
                         .userns = false,
                         .opaque_dirs = {"/var/log", "/srv/äöü"},
                         .masked_services = {"cron.service"}};
  const auto back = Definition::from_json(given.to_json());
  EXPECT_EQ(back.to_json(), given.to_json());
  EXPECT_TRUE(back.host_clone);
  EXPECT_THAT(back.opaque_dirs, ElementsAre("/var/log", "/srv/äöü"));
}

TEST(Definition, LacksNothingSilently) {
  for (const auto* key : {"host_clone", "userns", "opaque_dirs", "masked_services"}) {
    auto value = Definition{}.to_json();
    value.erase(key);
    EXPECT_THAT(test::error_of(Errc::kCorrupt, [&] { Definition::from_json(value); }), testing::HasSubstr(key));
    value[key] = 3;
    EXPECT_THAT(test::error_of(Errc::kCorrupt, [&] { Definition::from_json(value); }), testing::HasSubstr(key));
  }
}

TEST(OpaqueDir, MustBeNormalised) {
  std::string longest;
  while (longest.size() < 4095) longest += "/aaaaaaaaaaaaaa";
  for (const std::string& path :
       {std::string("/var/log"), std::string("/a"), std::string("/a b/ü"), std::string("/.a/..b/..."), longest}) {
    EXPECT_NO_THROW(check_opaque_dir(path)) << path;
  }
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("var"), std::string("./var"), std::string("//var"),
        std::string("/var/"), std::string("/var//log"), std::string("/."), std::string("/.."),
        std::string("/var/../etc"), std::string("/var/./log"), std::string("/a\nb"), std::string("/a\0b", 4),
        std::string("/a\x7f"), longest + "a"}) {
    test::error_of(Errc::kInvalidArgument, [&] { check_opaque_dir(path); });
  }
}

TEST(UnitName, MustBePlainWithAKnownSuffix) {
  for (const std::string& name :
       {std::string("cron.service"), std::string("getty@tty1.service"), std::string("dev-disk-by\\x2dlabel.swap"),
        std::string("a:b_c.socket"), std::string("x.automount"), std::string(247, 'a') + ".service"}) {
    EXPECT_NO_THROW(check_unit_name(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string(".service"), std::string("cron"), std::string("cron.conf"),
        std::string("../cron.service"), std::string("a/b.service"), std::string("a b.service"),
        std::string("ä.service"), std::string("a\n.service"), std::string("a\0.service", 10),
        std::string("cron.service "), std::string(248, 'a') + ".service"}) {
    test::error_of(Errc::kInvalidArgument, [&] { check_unit_name(name); });
  }
}

}  // namespace sdme::model
