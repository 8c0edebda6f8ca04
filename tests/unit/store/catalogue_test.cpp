// SPDX-License-Identifier: MIT
#include "store/catalogue.hpp"

#include "store/records.hpp"
#include "support/expect_error.hpp"

namespace sdme::store {

using test::container;
using test::kLayerA;
using test::kLayerB;
using test::rootfs;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Catalogue, FindsWhatWasPut) {
  Catalogue catalogue;
  EXPECT_EQ(catalogue.find_container("web"), nullptr);
  catalogue.put(container("web", "debian", {kLayerA}));
  catalogue.put(rootfs("debian", {kLayerB}));
  ASSERT_NE(catalogue.find_container("web"), nullptr);
  EXPECT_EQ(catalogue.find_container("web")->rootfs, "debian");
  ASSERT_NE(catalogue.find_rootfs("debian"), nullptr);
  EXPECT_EQ(catalogue.find_rootfs("web"), nullptr) << "kinds have names of their own";
  EXPECT_THAT(catalogue.layers_in_use(), ElementsAre(kLayerA, kLayerB));
  catalogue.put(container("web", "", {}));
  EXPECT_EQ(catalogue.containers().size(), 1U);
  EXPECT_THAT(catalogue.layers_in_use(), ElementsAre(kLayerB));
  catalogue.erase(Kind::kRootfs, "debian");
  catalogue.erase(Kind::kRootfs, "debian");
  EXPECT_THAT(catalogue.layers_in_use(), IsEmpty());
}

TEST(Catalogue, KnowsUsersSorted) {
  Catalogue catalogue;
  for (const auto* name : {"b", "a", "c"})
    catalogue.put(container(name, name == std::string("c") ? "other" : "debian", {}));
  EXPECT_THAT(catalogue.users_of_rootfs("debian"), ElementsAre("a", "b"));
}

TEST(Catalogue, ClonesOfTheHostUseNoRootfs) {
  Catalogue catalogue;
  catalogue.put(container("clone", "", {}));
  EXPECT_THAT(catalogue.users_of_rootfs(""), ElementsAre("clone")) << "no root filesystem has this name";
  EXPECT_THAT(catalogue.users_of_rootfs("debian"), IsEmpty());
}

TEST(Catalogue, KeepsTheDamagedApart) {
  Catalogue catalogue;
  catalogue.put(Damaged{Kind::kContainer, "web", "unreadable"});
  catalogue.put(Damaged{Kind::kContainer, "db", "unreadable"});
  catalogue.put(Damaged{Kind::kContainer, "web", "unreadable still"});
  EXPECT_EQ(catalogue.damaged().size(), 2U);
  EXPECT_EQ(catalogue.damaged().front().name, "db");
  EXPECT_EQ(catalogue.find_damaged(Kind::kContainer, "web")->reason, "unreadable still");
  EXPECT_EQ(catalogue.find_damaged(Kind::kRootfs, "web"), nullptr);
  EXPECT_EQ(catalogue.find_container("web"), nullptr);
  catalogue.put(container("web", "", {}));
  EXPECT_EQ(catalogue.find_damaged(Kind::kContainer, "web"), nullptr) << "repaired";
  catalogue.erase(Kind::kContainer, "db");
  EXPECT_THAT(catalogue.damaged(), IsEmpty());
}

}  // namespace sdme::store
