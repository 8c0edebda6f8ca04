// SPDX-License-Identifier: MIT
#include "model/pod.hpp"

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::model {

using testing::ElementsAre;
using testing::HasSubstr;

std::string pod_fixture() { return test::content(std::string(FIXTURES) + "/pod-v1.json"); }

TEST(PodRecord, ReadsVersion1AndWritesItAsItWas) {
  const auto pod = PodRecord::from_text(pod_fixture(), "it");
  EXPECT_EQ(pod.name.str(), "shop");
  EXPECT_EQ(pod.network.str(), "zone:lan");
  EXPECT_EQ(to_text(pod.network.address), "10.77.16.2");
  ASSERT_EQ(pod.ports.size(), 2U);
  EXPECT_THAT(pod.host_features(), ElementsAre("port:80"));
  EXPECT_EQ(json::parse(pod.to_text(), "it"), json::parse(pod_fixture(), "fixture"));
}

TEST(PodRecord, RefusesANewerOne) {
  auto newer = json::parse(pod_fixture(), "fixture");
  newer["version"] = kPodVersion + 1;
  EXPECT_THAT(test::error_of(Errc::kNotSupported, [&] { PodRecord::from_text(newer.dump(), "pod 'x'"); }),
              HasSubstr("newer sdmed"));
}

TEST(PodRecord, IsAttachedInThreeWays) {
  auto pod = PodRecord::from_text(pod_fixture(), "it");
  for (const auto* kind : {"private", "veth", "zone:lan"}) {
    pod.network = Network::parse(kind);
    EXPECT_NO_THROW(pod.check()) << kind;
  }
  for (const auto* kind : {"host", "bridge:br0", "macvlan:eth0", "pod:other"}) {
    pod.network = Network::parse(kind);
    test::error_of(Errc::kInvalidArgument, [&] { pod.check(); });
  }
  pod.network = Network::parse("private");
  pod.ports = {Port::parse("80"), Port::parse("127.0.0.1:80")};
  test::error_of(Errc::kInvalidArgument, [&] { pod.check(); });
}

}  // namespace sdme::model
