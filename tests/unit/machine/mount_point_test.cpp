// SPDX-License-Identifier: MIT
#include "machine/mount_point.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::machine {

using test::error_of;

class MountPointTest : public testing::Test {
 protected:
  MountPointTest() {
    std::filesystem::create_directories(root_ + "/etc");
    fd_ = os::UniqueFd(open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  void link(const std::string& target, const std::string& below) const {
    ASSERT_EQ(symlink(target.c_str(), (root_ + below).c_str()), 0);
  }
  void make(const std::string& path, PointKind kind = PointKind::kDirectory) const {
    make_mount_point(fd_.get(), path, kind);
  }

  test::TempDir temp_;
  std::string root_ = temp_ / "root";
  os::UniqueFd fd_;
};

TEST_F(MountPointTest, IsMadeWithAllOnItsWay) {
  make("/a/b/c");
  make("/a/file", PointKind::kFile);
  make("/a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(root_ + "/a/b/c"));
  EXPECT_TRUE(std::filesystem::is_regular_file(root_ + "/a/file"));
  EXPECT_TRUE(find_mount_point(fd_.get(), "/a/b/c").has_value());
  EXPECT_FALSE(find_mount_point(fd_.get(), "/a/none").has_value());
  EXPECT_FALSE(find_mount_point(fd_.get(), "/a/file/x").has_value());
}

TEST_F(MountPointTest, IsOfTheKindThatIsShown) {
  make("/a/file", PointKind::kFile);
  error_of(Errc::kInvalidArgument, [&] { make("/a/file"); });
  error_of(Errc::kInvalidArgument, [&] { make("/a", PointKind::kFile); });
}

TEST_F(MountPointTest, IsNeverOutside) {
  const auto outside = temp_ / "outside";
  std::filesystem::create_directories(outside);
  link(outside, "/absolute");
  link("../../../.." + outside, "/relative");
  link("../outside", "/up");
  link("/etc", "/inside");
  for (const auto* way : {"/absolute/x", "/relative/x", "/up/x"}) EXPECT_THROW(make(way), Error) << way;
  EXPECT_TRUE(std::filesystem::is_empty(outside));
  make("/inside/x");
  EXPECT_TRUE(std::filesystem::is_directory(root_ + "/etc/x"));
}

TEST_F(MountPointTest, IsNoLoop) {
  link("loop", "/loop");
  EXPECT_THROW(make("/loop/x"), Error);
  EXPECT_THROW(find_mount_point(fd_.get(), "/loop/x"), Error);
}

}  // namespace sdme::machine
