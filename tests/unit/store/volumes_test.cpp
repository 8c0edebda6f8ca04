// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include "store/agreement.hpp"
#include "store/denied_paths.hpp"
#include "store/store_dirs.hpp"
#include "support/expect_error.hpp"

namespace sdme::store {

using test::error_of;
using test::user_of;
using test::volume;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class VolumesTest : public testing::Test {
 protected:
  test::StoreDirs dirs_;
};

TEST_F(VolumesTest, AreKept) {
  {
    auto store = dirs_.open();
    store.make_volume(volume("data"));
    EXPECT_NO_THROW(store.make_volume(volume("data"))) << "a daemon that died does it again";
    auto another = volume("data");
    another.owner = 1001;
    EXPECT_EQ(error_of(Errc::kAlreadyExists, [&] { store.make_volume(another); }), "volume 'data' exists already");
  }
  auto store = dirs_.open();
  store.sweep({}, {});
  ASSERT_NE(store.catalogue().find_volume("data"), nullptr);
  EXPECT_EQ(store.catalogue().find_volume("data")->owner, 1000U);
  struct stat found = {};
  ASSERT_EQ(stat((dirs_ / "volumes/data/data").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0755U);
}

TEST_F(VolumesTest, GoWhenNobodyUsesThem) {
  auto store = dirs_.open();
  error_of(Errc::kNotFound, [&] { store.trash_volume("data"); });
  store.make_volume(volume("data"));
  for (const auto* name : {"web", "db"}) test::create(store, 1, user_of("data", name));
  EXPECT_EQ(error_of(Errc::kInUse, [&] { store.trash_volume("data"); }), "volume 'data' is used by containers db, web");
  store.trash_container("web");
  EXPECT_EQ(error_of(Errc::kInUse, [&] { store.trash_volume("data"); }), "volume 'data' is used by container db");
  store.trash_container("db");
  EXPECT_NE(store.catalogue().find_volume("data"), nullptr) << "it outlives them";
  store.trash_volume("data");
  EXPECT_EQ(store.catalogue().find_volume("data"), nullptr);
  EXPECT_FALSE(std::filesystem::exists(dirs_ / "volumes/data"));
}

TEST_F(VolumesTest, MustBeThereForContainers) {
  auto store = dirs_.open();
  test::stage_container(store, 1);
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { store.commit_container(1, user_of("data", "web")); }),
              HasSubstr("there is no volume 'data'"));
  store.make_volume(volume("data"));
  EXPECT_NO_THROW(store.commit_container(1, user_of("data", "web")));
}

TEST_F(VolumesTest, OfOthersAreNamed) {
  auto store = dirs_.open();
  store.make_volume(volume("data"));
  auto record = user_of("data", "web");
  EXPECT_THAT(foreign_volumes(store.catalogue(), record, 1000), IsEmpty());
  EXPECT_THAT(foreign_volumes(store.catalogue(), record, 1001), ElementsAre("volume:data of 1000"));
  record.owner = 1001;
  EXPECT_THAT(foreign_volumes(store.catalogue(), record, 1001), ElementsAre("volume:data of 1000"));
}

TEST_F(VolumesTest, ThatCannotBeReadKeepTheirName) {
  {
    dirs_.open().make_volume(volume("data"));
  }
  test::put(dirs_ / "volumes/data/record.json", "{");
  std::filesystem::create_directories(dirs_ / "volumes/half");
  auto store = dirs_.open();
  store.sweep({}, {});
  EXPECT_NE(store.catalogue().find_damaged(Kind::kVolume, "data"), nullptr);
  EXPECT_FALSE(std::filesystem::exists(dirs_ / "volumes/half"));
  error_of(Errc::kAlreadyExists, [&] { store.make_volume(volume("data")); });
  store.trash_volume("data");
  EXPECT_THAT(store.catalogue().damaged(), IsEmpty());
}

TEST(DeniedPaths, AreRootsAlone) {
  for (const auto* path :
       {"/etc", "/etc/ssl", "/proc/1", "/dev/sda", "/run/dbus", "/boot", "/root/x", "/sys", "/var/lib/sdmed/volumes",
        "/var/cache/sdmed", "/usr/lib/sdmed", "/var", "/var/lib", "/usr", "/usr/lib", "/home"}) {
    EXPECT_THAT(error_of(Errc::kHostAccessDenied, [&] { check_bind_source(path, 1000); }), HasSubstr(path));
    EXPECT_NO_THROW(check_bind_source(path, 0));
  }
  for (const auto* path :
       {"/srv", "/srv/etc", "/home/alice", "/etcetera", "/var/lib/sdmed2", "/usr/share", "/tmp/x", "/opt", "/mnt"}) {
    EXPECT_NO_THROW(check_bind_source(path, 1000)) << path;
  }
  EXPECT_NO_THROW(check_home_owner("/home/alice", 1000, 1000));
  EXPECT_NO_THROW(check_home_owner("/home/alice", 1000, 0));
  error_of(Errc::kHostAccessDenied, [&] { check_home_owner("/home/alice", 1001, 1000); });
}

}  // namespace sdme::store
