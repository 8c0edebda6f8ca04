// SPDX-License-Identifier: MIT
#include "job/commit.hpp"

#include "store/store_dirs.hpp"
#include "support/expect_error.hpp"

namespace sdme::job {
namespace {

using test::container;
using test::error_of;
using test::kLayerA;
using test::rootfs;

// A result that is found again after the thing it was about has gone and another has its name.
class CommitTest : public testing::Test {
 protected:
  CommitTest() {
    test::import(store_, 1, kLayerA, rootfs("debian", {kLayerA}));
    test::create(store_, 2, container("web", "debian", {kLayerA}));
  }

  static Record record(const std::string& kind, const std::string& target, json::Value commit) {
    return {.id = 7, .kind = kind, .target = target, .commit = std::move(commit)};
  }

  void refused(Errc code, const Record& stale) {
    error_of(code, [&] { commit(stale, json::Value::object(), store_); });
    EXPECT_NE(store_.catalogue().find_container("web"), nullptr);
    EXPECT_NE(store_.catalogue().find_rootfs("debian"), nullptr);
  }

  test::StoreDirs dirs_;
  store::Store store_ = dirs_.open();
};

TEST_F(CommitTest, IsAboutTheContainerThatWasAuthorised) {
  refused(Errc::kNotFound, record("remove", "web", {{"uuid", "of another"}}));
  refused(Errc::kNotFound, record("enable", "web", {{"uuid", "of another"}}));
  refused(Errc::kNotFound, record("remove", "web", {{"uuid", ""}}));  // was damaged then
  EXPECT_EQ(commit(record("enable", "web", {{"uuid", "uuid-of-web"}}), json::Value::object(), store_).touched.container,
            "web");
  EXPECT_TRUE(store_.catalogue().find_container("web")->enabled);
}

TEST_F(CommitTest, IsAboutTheRootfsThatWasAuthorised) {
  refused(Errc::kBusy, record("remove-rootfs", "debian", {{"rootfs_created_usec", 2U}}));
  refused(Errc::kBusy, record("import", "debian", {{"rootfs_created_usec", 0U}, {"replace", true}}));
  test::import(store_, 3, kLayerA, rootfs("spare", {kLayerA}));
  EXPECT_EQ(commit(record("remove-rootfs", "spare", {{"rootfs_created_usec", 1U}}), json::Value::object(), store_)
                .touched.rootfs,
            "spare");
  EXPECT_EQ(store_.catalogue().find_rootfs("spare"), nullptr);
}

// It would be written, and be damaged when it is read again: then no layer is ever removed.
TEST_F(CommitTest, RecordsNoMoreThanCanBeReadAgain) {
  const auto result = [](std::size_t layers, std::size_t config, std::size_t missing) {
    const json::Value layer = {{"id", kLayerA}, {"size", 1U}};
    return json::Value{{"layers", std::vector<json::Value>(layers, layer)},
                       {"config", std::string(config, 'x')},
                       {"missing", std::vector<std::string>(missing, "m")},
                       {"size", 1U},
                       {"entries", 1U},
                       {"bootable", false}};
  };
  const auto fresh = record("import", "fresh", {{"origin", ""}, {"replace", false}});
  for (const auto& bad : {result(501, 1, 1), result(1, (4U << 20U) + 1, 1)})
    error_of(Errc::kCorrupt, [&] { commit(fresh, bad, store_); });
  EXPECT_EQ(store_.catalogue().find_rootfs("fresh"), nullptr);
  commit(fresh, result(500, 4U << 20U, 100'000), store_);
  EXPECT_LE(store_.catalogue().find_rootfs("fresh")->missing.size(), 256U);
}

TEST_F(CommitTest, WritesWhatTheWorkerFoundOfBinds) {
  auto changed = container("web", "debian", {kLayerA});
  changed.definition.binds = {model::Bind::parse("/home/bob/x:/srv/x"), model::Bind::parse("/srv/a:/srv/y")};
  const auto update = record("update", "web", {{"uuid", "uuid-of-web"}, {"container", changed.to_text()}});
  const auto bind = [](const char* text, std::uint64_t inode) {
    return json::Value{{"bind", text}, {"inode", inode}, {"owner", 1000U}};
  };
  const auto first = bind("/home/bob/x:/srv/x:rw", 77U);
  const auto second = bind("/srv/a:/srv/y:rw", 0U);
  for (const json::Value& wrong :
       {json::Value::array(), json::Value::array({first}), json::Value::array({second, first}), json::Value("x"),
        json::Value::array({first, bind("/etc:/srv/y:rw", 0U)}), json::Value::array({first, 1U})}) {
    error_of(Errc::kCorrupt, [&] { commit(update, {{"binds", wrong}}, store_); });
  }
  EXPECT_TRUE(store_.catalogue().find_container("web")->definition.binds.empty());
  commit(update, {{"binds", json::Value::array({first, second})}}, store_);
  EXPECT_EQ(store_.catalogue().find_container("web")->definition.binds.at(0).inode, 77U);
  EXPECT_EQ(store_.catalogue().find_container("web")->definition.binds.at(0).owner, 1000U);
  EXPECT_EQ(store_.catalogue().find_container("web")->definition.binds.at(1).inode, 0U);
}

TEST_F(CommitTest, IsAboutTheVolumeThatWasAuthorised) {
  commit(record("create-volume", "data", {{"volume", test::volume("data").to_text()}}), json::Value::object(), store_);
  ASSERT_NE(store_.catalogue().find_volume("data"), nullptr);
  refused(Errc::kBusy, record("remove-volume", "data", {{"volume_created_usec", 2U}}));
  commit(record("remove-volume", "data", {{"volume_created_usec", 1U}}), json::Value::object(), store_);
  EXPECT_EQ(store_.catalogue().find_volume("data"), nullptr);
}

}  // namespace
}  // namespace sdme::job
