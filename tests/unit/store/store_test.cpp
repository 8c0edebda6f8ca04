// SPDX-License-Identifier: MIT
#include "store/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "store/store_dirs.hpp"
#include "support/expect_error.hpp"

namespace sdme::store {

using test::container;
using test::error_of;
using test::kLayerA;
using test::kLayerB;
using test::kLayerC;
using test::put;
using test::rootfs;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class StoreTest : public testing::Test {
 protected:
  test::StoreDirs dirs_;
};

TEST_F(StoreTest, MakesItselfForRootAlone) {
  const auto store = dirs_.open();
  EXPECT_TRUE(store.trash_is_empty());
  struct stat found = {};
  for (const auto* below : {"", "/layers", "/rootfs", "/containers", "/volumes", "/staging", "/trash"}) {
    ASSERT_EQ(stat((dirs_.root() + below).c_str(), &found), 0) << below;
    EXPECT_EQ(found.st_mode & 07777U, 0700U) << below;
  }
  EXPECT_EQ(test::content(dirs_ / "version.json"), "{\"version\":1}\n");
}

TEST_F(StoreTest, IsServedByOneDaemon) {
  {
    auto store = dirs_.open();
    EXPECT_THAT(error_of(Errc::kBusy, [&] { dirs_.open(); }), HasSubstr("another sdmed serves it"));
    const auto moved = std::move(store);
    error_of(Errc::kBusy, [&] { dirs_.open(); });
  }
  EXPECT_NO_THROW(dirs_.open());
}

TEST_F(StoreTest, OfANewerDaemonIsNotServed) {
  put(dirs_ / "version.json", "{\"version\": 2}");
  const auto before = dirs_.listing();
  EXPECT_THAT(error_of(Errc::kNotSupported, [&] { dirs_.open(); }),
              HasSubstr("newer sdmed (format 2, this one reads 1)"));
  EXPECT_EQ(dirs_.listing(), before) << "nothing is touched";
  put(dirs_ / "version.json", "nonsense");
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { dirs_.open(); }), HasSubstr("version.json"));
}

TEST_F(StoreTest, KeepsWhatWasCommitted) {
  {
    auto store = dirs_.open();
    test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
    test::create(store, 2, container("web", "debian", {kLayerA}));
    EXPECT_NE(store.catalogue().find_container("web"), nullptr);
  }
  const auto store = dirs_.open();
  ASSERT_NE(store.catalogue().find_rootfs("debian"), nullptr);
  ASSERT_NE(store.catalogue().find_container("web"), nullptr);
  EXPECT_EQ(store.catalogue().find_container("web")->uuid, "uuid-of-web");
  EXPECT_TRUE(store.has_layer(kLayerA));
  EXPECT_EQ(test::content(dirs_ / ("layers/" + kLayerA + "/tree/etc/mark")), kLayerA);
  EXPECT_EQ(test::content(dirs_ / "containers/web/written/upper/etc/hostname"), "web");
}

TEST_F(StoreTest, AnExistingLayerStays) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("one", {kLayerA}));
  test::stage_layer(store, 2, kLayerA, "the same, imported again");
  store.commit_layer(2, kLayerA);
  store.discard_staging(2);
  EXPECT_EQ(test::content(dirs_ / ("layers/" + kLayerA + "/tree/etc/mark")), kLayerA);
  EXPECT_FALSE(std::filesystem::exists(dirs_ / "staging/2"));
}

TEST_F(StoreTest, LayersNeedATree) {
  auto store = dirs_.open();
  store.make_staging(1);
  error_of(Errc::kCorrupt, [&] { store.commit_layer(1, kLayerA); });
  error_of(Errc::kInternal, [&] { store.commit_layer(1, "../../x"); });
  error_of(Errc::kCorrupt, [&] { store.commit_layer(2, kLayerA); });
  EXPECT_FALSE(store.has_layer(kLayerA));
  EXPECT_FALSE(store.has_layer("../layers/" + kLayerA));
}

TEST_F(StoreTest, RecordsNameLayersThatExist) {
  auto store = dirs_.open();
  EXPECT_THAT(error_of(Errc::kInternal, [&] { store.commit_rootfs(rootfs("debian", {kLayerA}), Replace::kNo); }),
              HasSubstr(kLayerA));
  test::stage_container(store, 1);
  error_of(Errc::kInternal, [&] { store.commit_container(1, container("web", "debian", {kLayerA})); });
  EXPECT_THAT(store.catalogue().rootfs(), IsEmpty());
  EXPECT_THAT(store.catalogue().containers(), IsEmpty());
}

TEST_F(StoreTest, RootfsIsReplacedOnlyWhenAsked) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}, "first"));
  test::stage_layer(store, 2, kLayerB, "second");
  store.commit_layer(2, kLayerB);
  EXPECT_EQ(error_of(Errc::kAlreadyExists, [&] { store.commit_rootfs(rootfs("debian", {kLayerB}), Replace::kNo); }),
            "root filesystem 'debian' exists already");
  EXPECT_EQ(store.catalogue().find_rootfs("debian")->origin, "first");
  store.commit_rootfs(rootfs("debian", {kLayerB}, "second"), Replace::kYes);
  EXPECT_EQ(store.catalogue().find_rootfs("debian")->origin, "second");
  EXPECT_TRUE(store.has_layer(kLayerA)) << "until it is asked for";
  store.trash_unused_layers({});
  EXPECT_FALSE(store.has_layer(kLayerA));
  EXPECT_TRUE(store.has_layer(kLayerB));
}

TEST_F(StoreTest, CommittingTheSameAgainIsFine) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  EXPECT_NO_THROW(store.commit_rootfs(rootfs("debian", {kLayerA}), Replace::kNo));
  test::create(store, 2, container("web", "debian", {kLayerA}));
  EXPECT_NO_THROW(store.commit_container(2, container("web", "debian", {kLayerA})));
  auto another = container("web", "debian", {kLayerA});
  another.uuid = "another";
  test::stage_container(store, 3);
  EXPECT_EQ(error_of(Errc::kAlreadyExists, [&] { store.commit_container(3, another); }),
            "container 'web' exists already");
}

TEST_F(StoreTest, UpdatesAContainer) {
  auto store = dirs_.open();
  auto record = container("web", "", {});
  error_of(Errc::kNotFound, [&] { store.update_container(record); });
  test::create(store, 1, record);
  record.enabled = true;
  store.update_container(record);
  EXPECT_TRUE(store.catalogue().find_container("web")->enabled);
  EXPECT_THAT(test::content(dirs_ / "containers/web/record.json"), HasSubstr("\"enabled\": true"));
}

TEST_F(StoreTest, GivesAContainerAnotherName) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  test::create(store, 2, container("web", "debian", {kLayerA}));
  test::create(store, 3, container("db", "debian", {kLayerA}));
  auto front = container("front", "debian", {kLayerA});
  front.definition.requirements = {"db", "web"};
  test::create(store, 4, front);
  const auto name = [](const char* text) { return model::ContainerName::parse(text); };
  error_of(Errc::kNotFound, [&] { store.rename_container("nobody", name("never")); });
  error_of(Errc::kAlreadyExists, [&] { store.rename_container("web", name("db")); });

  store.rename_container("web", name("shop"));
  EXPECT_EQ(store.catalogue().find_container("web"), nullptr);
  ASSERT_NE(store.catalogue().find_container("shop"), nullptr);
  EXPECT_EQ(store.catalogue().find_container("shop")->uuid, "uuid-of-web");
  EXPECT_THAT(store.catalogue().find_container("front")->definition.requirements, ElementsAre("db", "shop"));
  EXPECT_EQ(test::content(dirs_ / "containers/shop/former-names"), "web\n");
  EXPECT_EQ(test::content(dirs_ / "containers/shop/written/upper/etc/hostname"), "web")
      << "its guest is told at its start";

  store.rename_container("shop", name("mall"));
  store.rename_container("mall", name("web"));
  EXPECT_EQ(test::content(dirs_ / "containers/web/former-names"), "shop\nmall\n");
  EXPECT_THAT(store.catalogue().find_container("front")->definition.requirements, ElementsAre("db", "web"));
}

TEST_F(StoreTest, RemembersWhatReachedTheHost) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  auto web = container("web", "debian", {kLayerA});
  web.definition = {.userns = false, .binds = {model::Bind::parse("/srv:/srv")}};
  test::create(store, 2, web);
  EXPECT_THAT(store.former_features("web"), IsEmpty());
  web.definition.binds.clear();
  store.update_container(web);
  EXPECT_THAT(store.former_features("web"), ElementsAre("bind:/srv"));
  web.definition.userns = true;
  store.update_container(web);
  EXPECT_THAT(store.former_features("web"), ElementsAre("bind:/srv", "no-user-namespace"));
}

TEST_F(StoreTest, FollowsNoFormerNameThatIsAnothersByNow) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  test::create(store, 2, container("web", "debian", {kLayerA}));
  store.rename_container("web", model::ContainerName::parse("shop"));
  auto other = container("web", "debian", {kLayerA});
  other.uuid = "another";
  test::create(store, 3, other);
  auto front = container("front", "debian", {kLayerA});
  front.definition.requirements = {"web"};
  test::create(store, 4, front);
  store.finish_renames();
  EXPECT_THAT(store.catalogue().find_container("front")->definition.requirements, ElementsAre("web"));
}

TEST_F(StoreTest, TrashesWhatNobodyNeeds) {
  auto store = dirs_.open();
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  test::create(store, 2, container("web", "debian", {kLayerA}));
  test::create(store, 3, container("db", "debian", {kLayerA}));
  EXPECT_EQ(error_of(Errc::kInUse, [&] { store.trash_rootfs("debian"); }),
            "root filesystem 'debian' is used by containers db, web");
  store.trash_container("db");
  EXPECT_EQ(error_of(Errc::kInUse, [&] { store.trash_rootfs("debian"); }),
            "root filesystem 'debian' is used by container web");
  EXPECT_EQ(error_of(Errc::kNotFound, [&] { store.trash_container("db"); }), "there is no container 'db'");
  store.trash_container("web");
  store.trash_rootfs("debian");
  EXPECT_EQ(error_of(Errc::kNotFound, [&] { store.trash_rootfs("debian"); }), "there is no root filesystem 'debian'");
  store.trash_unused_layers({kLayerA});
  EXPECT_TRUE(store.has_layer(kLayerA)) << "pinned by a job";
  store.trash_unused_layers({});
  EXPECT_FALSE(store.has_layer(kLayerA));
  EXPECT_FALSE(store.trash_is_empty());
  EXPECT_TRUE(std::filesystem::is_empty(dirs_ / "containers"));
  EXPECT_TRUE(std::filesystem::is_empty(dirs_ / "rootfs"));
}

TEST_F(StoreTest, OneNameMayBeTrashedManyTimes) {
  auto store = dirs_.open();
  for (std::uint64_t job = 1; job <= 20; ++job) {
    test::create(store, job, container("web", "", {}));
    store.trash_container("web");
  }
  EXPECT_EQ(dirs_.trashed(), 20U);
}

TEST_F(StoreTest, StagingBeginsEmpty) {
  auto store = dirs_.open();
  test::stage_layer(store, 1, kLayerA, "of an earlier run");
  EXPECT_THAT(store.make_staging(1).entries(), IsEmpty());
  store.discard_staging(1);
  store.discard_staging(1);
  EXPECT_TRUE(std::filesystem::is_empty(dirs_ / "staging"));
}

TEST_F(StoreTest, NamesOfOthersAreTaken) {
  auto store = dirs_.open();
  test::create(store, 1, container("web", "", {}));
  put(dirs_.machines_dir() + "/image/etc/os-release", "");
  put(dirs_.machines_dir() + "/raw.raw", "");
  put(dirs_.machines_state() + "/running", "");
  std::filesystem::create_symlink("/nowhere", dirs_.machines_dir() + "/link");
  const auto taken = [&](const char* name) {
    EXPECT_FALSE(store.name_is_free(model::ContainerName::parse(name)));
    return error_of(Errc::kAlreadyExists, [&] { store.check_name_free(model::ContainerName::parse(name)); });
  };
  EXPECT_EQ(taken("web"), "container 'web' exists already");
  EXPECT_THAT(taken("image"), HasSubstr("machine image " + dirs_.machines_dir() + "/image"));
  EXPECT_THAT(taken("raw"), HasSubstr(dirs_.machines_dir() + "/raw.raw"));
  EXPECT_THAT(taken("link"), HasSubstr(dirs_.machines_dir() + "/link"));
  EXPECT_THAT(taken("running"), HasSubstr("a machine that runs on this host"));
  EXPECT_NO_THROW(store.check_name_free(model::ContainerName::parse("free")));
}

TEST_F(StoreTest, SweepTakesWhatNoJobOwns) {
  auto store = dirs_.open();
  for (const std::uint64_t job : {1U, 2U, 3U}) test::stage_layer(store, job, kLayerA, "x");
  for (const auto* odd : {"02", "rootfs-x", "name"}) put(dirs_ / (std::string("staging/") + odd + "/file"), "");
  test::import(store, 4, kLayerA, rootfs("debian", {kLayerA}));
  test::import(store, 5, kLayerB, rootfs("gone", {kLayerB}));
  test::import(store, 6, kLayerC, rootfs("gone", {kLayerC}));
  store.trash_rootfs("gone");
  put(dirs_ / "layers/nonsense/tree/x", "");
  put(dirs_ / ("layers/" + std::string(64, 'd') + "/x"), "");
  put(dirs_ / "containers/half/written/upper/x", "");
  put(dirs_ / "rootfs/half/x", "");
  put(dirs_ / "rootfs/debian/.record.json.new", "{");
  put(dirs_ / ".version.json.new", "{");
  EXPECT_EQ(store.sweep({2}, {kLayerC}), 3U) << "layers";
  EXPECT_THAT(os::Dir::open(dirs_ / "staging").entries(), ElementsAre("2"));
  EXPECT_THAT(os::Dir::open(dirs_ / "layers").entries(), ElementsAre(kLayerA, kLayerC));
  EXPECT_THAT(os::Dir::open(dirs_ / "containers").entries(), IsEmpty());
  EXPECT_THAT(os::Dir::open(dirs_ / "rootfs").entries(), ElementsAre("debian"));
  EXPECT_THAT(os::Dir::open(dirs_ / "rootfs/debian").entries(), ElementsAre("record.json"));
  EXPECT_THAT(os::Dir::open(dirs_.root()).entries(), Not(Contains(".version.json.new")));
}

class DamagedTest : public StoreTest {
 protected:
  DamagedTest() {
    auto store = dirs_.open();
    test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
    test::create(store, 2, container("web", "debian", {kLayerA}));
    test::create(store, 3, container("db", "debian", {kLayerA}));
  }
};

TEST_F(DamagedTest, NeverTakesTheRestWithIt) {
  const std::string whole = test::content(dirs_ / "containers/db/record.json");
  const std::string newer = [&] {
    auto value = json::parse(whole, "it");
    value["version"] = model::kContainerVersion + 1;
    return value.dump();
  }();
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"", "not valid JSON"},
      {whole.substr(0, whole.size() / 2), "not valid JSON"},
      {std::string(4096, '\0'), "not valid JSON"},
      {newer, "newer sdmed"},
      {test::content(dirs_ / "containers/web/record.json"), "is of 'web'"},
      {std::string(17U << 20U, ' '), "larger than"},
      {std::string(500'000, '['), "deeper"},
  };
  for (const auto& [text, reason] : damages) {
    put(dirs_ / "containers/db/record.json", text);
    auto store = dirs_.open();
    store.sweep({}, {});
    EXPECT_NE(store.catalogue().find_container("web"), nullptr);
    EXPECT_EQ(store.catalogue().find_container("db"), nullptr);
    const auto* damaged = store.catalogue().find_damaged(Kind::kContainer, "db");
    ASSERT_NE(damaged, nullptr) << reason;
    EXPECT_THAT(damaged->reason, HasSubstr(reason));
    EXPECT_THAT(error_of(Errc::kAlreadyExists, [&] { store.check_name_free(model::ContainerName::parse("db")); }),
                HasSubstr("containers/db/record.json cannot be read"));
    EXPECT_EQ(test::content(dirs_ / "containers/db/record.json"), text) << "kept as it is";
  }
  put(dirs_ / "containers/db/record.json", whole);
  EXPECT_NE(dirs_.open().catalogue().find_container("db"), nullptr) << "repaired";
}

TEST_F(DamagedTest, OddRecordFilesAreDamageToo) {
  std::filesystem::remove(dirs_ / "containers/db/record.json");
  std::filesystem::create_symlink("../web/record.json", dirs_ / "containers/db/record.json");
  EXPECT_NE(dirs_.open().catalogue().find_damaged(Kind::kContainer, "db"), nullptr);
  std::filesystem::remove(dirs_ / "containers/db/record.json");
  ASSERT_EQ(mkfifo((dirs_ / "containers/db/record.json").c_str(), 0600), 0);
  EXPECT_NE(dirs_.open().catalogue().find_damaged(Kind::kContainer, "db"), nullptr);
  put(dirs_ / "containers/Web.bak/record.json", "{}");
  put(dirs_ / "containers/notes", "a file that somebody left");
  auto store = dirs_.open();
  store.sweep({}, {});
  EXPECT_NE(store.catalogue().find_damaged(Kind::kContainer, "Web.bak"), nullptr);
  EXPECT_EQ(test::content(dirs_ / "containers/notes"), "a file that somebody left");
}

// Nobody knows which layers it needs.
TEST_F(DamagedTest, KeepsEveryLayerUntilItIsGone) {
  put(dirs_ / "containers/db/record.json", "{}");
  auto store = dirs_.open();
  store.trash_container("web");
  store.trash_rootfs("debian");
  store.trash_unused_layers({});
  store.sweep({}, {});
  EXPECT_TRUE(store.has_layer(kLayerA));
  store.trash_container("db");
  EXPECT_THAT(store.catalogue().damaged(), IsEmpty());
  EXPECT_TRUE(store.name_is_free(model::ContainerName::parse("db")));
  store.trash_unused_layers({});
  EXPECT_FALSE(store.has_layer(kLayerA));
}

TEST_F(DamagedTest, RootfsMayBeReplacedOrRemoved) {
  put(dirs_ / "rootfs/debian/record.json", "{}");
  auto store = dirs_.open();
  ASSERT_NE(store.catalogue().find_damaged(Kind::kRootfs, "debian"), nullptr);
  error_of(Errc::kAlreadyExists, [&] { store.commit_rootfs(rootfs("debian", {kLayerA}), Replace::kNo); });
  store.commit_rootfs(rootfs("debian", {kLayerA}), Replace::kYes);
  EXPECT_NE(store.catalogue().find_rootfs("debian"), nullptr);
  EXPECT_THAT(store.catalogue().damaged(), IsEmpty());
}

TEST_F(DamagedTest, UnknownFieldsSurviveAnUpdate) {
  auto value = json::parse(test::content(dirs_ / "containers/db/record.json"), "it");
  value["of_a_later_version"] = {{"kept", true}};
  value["definition"]["of_a_later_version"] = 1;
  put(dirs_ / "containers/db/record.json", value.dump());
  auto store = dirs_.open();
  auto record = *store.catalogue().find_container("db");
  record.enabled = true;
  store.update_container(record);
  value["enabled"] = true;
  EXPECT_EQ(json::parse(test::content(dirs_ / "containers/db/record.json"), "it"), value);
}

}  // namespace sdme::store
