// SPDX-License-Identifier: MIT
#include "store/agreement.hpp"

#include <gmock/gmock.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {

using testing::ElementsAre;
using testing::HasSubstr;

class AgreementTest : public testing::Test {
 protected:
  static model::ContainerRecord container(const std::string& name, model::Definition definition) {
    return {.name = model::ContainerName::parse(name), .uuid = name, .definition = std::move(definition)};
  }
  static model::Definition linked(const std::string& port) {
    return {.network = {.mode = model::Network::Mode::kVeth}, .ports = {model::Port::parse(port)}};
  }
  void check(const model::ContainerRecord& record) {
    check_agreement({.catalogue = catalogue_, .pods = pods_}, record);
  }

  test::TempDir dir_;
  Catalogue catalogue_;
  Pods pods_{os::Dir::open(dir_.path())};
};

TEST_F(AgreementTest, APortHasOneHolder) {
  catalogue_.put(container("web", linked("8080:80")));
  EXPECT_THAT(test::error_of(Errc::kInUse, [&] { check(container("other", linked("127.0.0.1:8080:81"))); }),
              HasSubstr("container 'web'"));
  EXPECT_NO_THROW(check(container("other", linked("8080:80/udp"))));
  EXPECT_NO_THROW(check(container("web", linked("8080:81"))));
  pods_.put({.name = model::PodName::parse("web"), .uuid = "p", .ports = {model::Port::parse("53/udp")}});
  EXPECT_THAT(test::error_of(Errc::kInUse, [&] { check(container("dns", linked("53/udp"))); }), HasSubstr("pod 'web'"));
}

TEST_F(AgreementTest, NoTwoAreCountedTogether) {
  auto first = container("first", {});
  first.uuid = "00000001aaaa";
  catalogue_.put(first);
  // The second differs, but not in what the number is made of.
  std::vector<std::string> draws = {"00000002cccc", "40000001bbbb", "00000001aaaa"};
  const auto uuid = unused_uuid(catalogue_, [&] {
    auto next = draws.back();
    draws.pop_back();
    return next;
  });
  EXPECT_EQ(uuid, "00000002cccc");
}

TEST_F(AgreementTest, NobodyRequiresItselfInTheEnd) {
  catalogue_.put(container("a", {.requirements = {"b"}}));
  catalogue_.put(container("b", {.requirements = {"c"}}));
  catalogue_.put(container("c", {}));
  EXPECT_NO_THROW(check(container("a", {.requirements = {"b", "c"}})));
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { check(container("c", {.requirements = {"a"}})); }),
              HasSubstr("in the end requires it"));
  test::error_of(Errc::kInvalidArgument, [&] { check(container("c", {.requirements = {"c"}})); });
  test::error_of(Errc::kNotFound, [&] { check(container("c", {.requirements = {"nosuch"}})); });
  EXPECT_THAT(requiring(catalogue_, "b"), ElementsAre("a"));
}

TEST_F(AgreementTest, AMemberNeedsItsPod) {
  const auto member = container("web", {.network = model::Network::parse("pod:shop")});
  test::error_of(Errc::kNotFound, [&] { check(member); });
  pods_.put({.name = model::PodName::parse("shop"), .uuid = "p"});
  EXPECT_NO_THROW(check(member));
  catalogue_.put(member);
  EXPECT_THAT(members_of_pod(catalogue_, "shop"), ElementsAre("web"));
}

TEST_F(AgreementTest, AnApplicationNeedsItsPodAndIsCounted) {
  const auto partly = container("app", {.network = {.mode = model::Network::Mode::kPrivate}, .oci_pod = "shop"});
  EXPECT_THAT(test::error_of(Errc::kNotFound, [&] { check(partly); }), HasSubstr("there is no pod 'shop'"));
  pods_.put({.name = model::PodName::parse("shop"), .uuid = "p"});
  EXPECT_NO_THROW(check(partly));
  catalogue_.put(partly);
  catalogue_.put(container("web", {.network = model::Network::parse("pod:shop")}));
  EXPECT_THAT(members_of_pod(catalogue_, "shop"), ElementsAre("app", "web"));
  EXPECT_THAT(oci_members_of_pod(catalogue_, "shop"), ElementsAre("app"));
}

TEST_F(AgreementTest, ContainersAndPodsShareTheAddressesOfAZone) {
  const auto pool = model::AddressPool::parse("10.77.0.0/16");
  auto web = container("web", {.network = model::Network::parse("zone:lan")});
  give_address({.catalogue = catalogue_, .pods = pods_}, web, pool);
  catalogue_.put(web);
  model::PodRecord pod{.name = model::PodName::parse("web"), .uuid = "p", .network = model::Network::parse("zone:lan")};
  give_address({.catalogue = catalogue_, .pods = pods_}, pod, pool);
  EXPECT_EQ(model::to_text(web.definition.network.address), "10.77.16.2");
  EXPECT_EQ(model::to_text(pod.network.address), "10.77.16.3");
}

TEST_F(AgreementTest, ANameInAZoneIsOfOneAlone) {
  const auto lan = model::Network::parse("zone:lan");
  const model::PodRecord pod{.name = model::PodName::parse("web"), .uuid = "p", .network = lan};
  pods_.put(pod);
  EXPECT_THAT(test::error_of(Errc::kInUse, [&] { check(container("web", {.network = lan})); }), HasSubstr("pod 'web'"));
  EXPECT_NO_THROW(check(container("web", {.network = model::Network::parse("zone:dmz")})));
  EXPECT_NO_THROW(check(container("web", linked("80"))));
  catalogue_.put(container("web", {.network = lan}));
  EXPECT_THAT(test::error_of(Errc::kInUse, [&] { check_agreement({.catalogue = catalogue_, .pods = pods_}, pod); }),
              HasSubstr("container 'web'"));
}

TEST_F(AgreementTest, ANameInAZoneResolves) {
  const auto lan = model::Network::parse("zone:lan");
  EXPECT_NO_THROW(check(container(std::string(63, 'a'), {.network = lan})));
  EXPECT_NO_THROW(check(container(std::string(64, 'a'), linked("80"))));
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { check(container(std::string(64, 'a'), {.network = lan})); }),
              HasSubstr("at most 63"));
}

TEST_F(AgreementTest, WhatAPodIsAboutToHaveIsNotGivenToOthers) {
  const auto pool = model::AddressPool::parse("10.77.0.0/16");
  const auto pod = [](const std::string& name, const std::string& network) {
    return model::PodRecord{
        .name = model::PodName::parse(name), .uuid = name, .network = model::Network::parse(network)};
  };
  auto first = pod("first", "zone:lan");
  give_address({.catalogue = catalogue_, .pods = pods_}, first, pool);
  pods_.expect(first);
  auto second = pod("second", "zone:lan");
  give_address({.catalogue = catalogue_, .pods = pods_}, second, pool);
  EXPECT_EQ(model::to_text(second.network.address), "10.77.16.3");
  auto other = pod("other", "zone:dmz");
  give_address({.catalogue = catalogue_, .pods = pods_}, other, pool);
  EXPECT_EQ(model::to_text(other.network.address), "10.77.17.2");
  pods_.expect_no_more("first");
  auto third = pod("third", "zone:lan");
  give_address({.catalogue = catalogue_, .pods = pods_}, third, pool);
  EXPECT_EQ(model::to_text(third.network.address), "10.77.16.2");
}

}  // namespace sdme::store
