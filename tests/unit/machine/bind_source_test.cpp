// SPDX-License-Identifier: MIT
#include "machine/bind_source.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "machine/binds.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

// The temporary directory is one that others lead to: /tmp is anybody's.
namespace sdme::machine {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

class BindSourceTest : public testing::Test {
 protected:
  BindSourceTest() {
    chmod(path_.c_str(), 0755);
    test::put(path_ + "/dir/file", "x");
  }

  model::Bind bind(const std::string& below, const std::string& options = "") const {
    return model::Bind::parse(path_ + below + ":/srv/x" + (options.empty() ? "" : ":" + options));
  }

  test::TempDir temp_;
  std::string path_ = temp_ / "top";
};

TEST_F(BindSourceTest, IsFoundWithWhatTheRecordRemembers) {
  struct stat found = {};
  ASSERT_EQ(stat((path_ + "/dir").c_str(), &found), 0);
  const auto source = find_source(bind("/dir"));
  EXPECT_TRUE(source.others_lead);
  EXPECT_EQ(source.inode(), found.st_ino);
  EXPECT_EQ(walk_to_source("/usr/bin").inode(), 0U) << "root alone leads there";
}

TEST_F(BindSourceTest, IsNoLinkAndHasNoneOnItsWay) {
  ASSERT_EQ(symlink("dir", (path_ + "/link").c_str()), 0);
  for (const auto* below : {"/link", "/link/file"}) {
    EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { find_source(bind(below)); }),
                HasSubstr("has the link '" + path_ + "/link'"));
  }
}

TEST_F(BindSourceTest, MustBeThere) {
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { find_source(bind("/none")); }), HasSubstr("is not there"));
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { find_source(bind("/dir/file/x")); }),
              HasSubstr("/dir/file' is no directory"));
}

TEST_F(BindSourceTest, IsOfAKindThatCanBeShown) {
  EXPECT_NO_THROW(find_source(bind("/dir/file")));
  ASSERT_EQ(mkfifo((path_ + "/pipe").c_str(), 0600), 0);
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { find_source(bind("/pipe")); }), HasSubstr("neither a directory"));
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { find_source(model::Bind::parse("/dev/null:/srv/x")); }),
              HasSubstr("'dev'"));
  EXPECT_NO_THROW(find_source(model::Bind::parse("/dev/null:/srv/x:dev")));
}

TEST_F(BindSourceTest, IsTheOneThatWasAuthorised) {
  auto allowed = bind("/dir");
  EXPECT_THAT(error_of(Errc::kHostAccessDenied, [&] { open_source(allowed); }), HasSubstr("can now be replaced"));
  allowed.inode = find_source(allowed).inode();
  EXPECT_NO_THROW(open_source(allowed));
  std::filesystem::rename(path_ + "/dir", path_ + "/old");
  std::filesystem::create_directory(path_ + "/dir");
  EXPECT_THAT(error_of(Errc::kHostAccessDenied, [&] { open_source(allowed); }), HasSubstr("was replaced by another"));
}

TEST_F(BindSourceTest, IsNotReachedThroughWhatAnotherUserOwns) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(chown((path_ + "/dir").c_str(), 4321, 4321), 0);
  EXPECT_THAT(error_of(Errc::kHostAccessDenied, [&] { find_source(bind("/dir/file")); }), HasSubstr("of user 4321 to"));
  ASSERT_EQ(chown((path_ + "/dir/file").c_str(), 4322, 4322), 0);
  error_of(Errc::kHostAccessDenied, [&] { find_source(bind("/dir/file")); });
  ASSERT_EQ(chown((path_ + "/dir/file").c_str(), 4321, 4321), 0);
  EXPECT_NO_THROW(find_source(bind("/dir/file")));
}

TEST_F(BindSourceTest, BelongsToWhomItBelongedToWhenItWasAuthorised) {
  auto allowed = authorised({bind("/dir")}, {}, 0).at(0);
  EXPECT_NO_THROW(open_source(allowed));
  *allowed.owner += 1;
  EXPECT_THAT(error_of(Errc::kHostAccessDenied, [&] { open_source(allowed); }), HasSubstr("belonged to user"));
  allowed.owner.reset();
  EXPECT_NO_THROW(open_source(allowed)) << "a record of before owners were in it";
}

TEST_F(BindSourceTest, KeepsWhatWasAuthorisedBefore) {
  const auto inodes = [](const std::vector<model::Bind>& binds, const std::vector<model::Bind>& before) {
    std::vector<std::uint64_t> all;
    for (const auto& bind : authorised(binds, before, 1000)) all.push_back(bind.inode);
    return all;
  };
  auto known = bind("/gone");
  known.inode = 7;
  const auto fresh = bind("/dir");
  EXPECT_THAT(inodes({known, fresh}, {known}), ElementsAre(7U, find_source(fresh).inode()));
  auto moved = known;
  moved.destination = "/srv/elsewhere";
  EXPECT_THAT(inodes({moved}, {known}), ElementsAre(7U)) << "nobody is asked for that";
  moved.setuid = true;
  error_of(Errc::kNotFound, [&] { authorised({moved}, {known}, 1000); });
  EXPECT_THAT(inodes({model::Bind::parse("data:/srv/x")}, {}), ElementsAre(0U));
  error_of(Errc::kHostAccessDenied, [&] { authorised({model::Bind::parse("/etc:/srv/x")}, {}, 1000); });
}

}  // namespace sdme::machine
