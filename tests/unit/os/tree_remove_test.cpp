// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "os/dir.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::os {

using test::content;
using test::error_of;
using test::put;
using testing::HasSubstr;
using testing::IsEmpty;

class TreeRemoveTest : public testing::Test {
 protected:
  test::TempDir temp_;
  Dir parent_ = Dir::make(temp_ / "parent", 0700);
  std::string tree_ = parent_.path() + "/tree";
};

// Makes directories within directories without ever spelling the whole path.
void make_deep(const std::string& path, int depth, const std::string& name) {
  auto here = Dir::make(path, 0700);
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(mkdirat(here.fd(), name.c_str(), 0700), 0);
    const UniqueFd file(openat(here.fd(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
    const UniqueFd next(openat(here.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    here = Dir::open("/proc/self/fd/" + std::to_string(next.get()));
  }
}

TEST_F(TreeRemoveTest, AbsentIsFineAndFilesGoToo) {
  tree_remove(parent_, "tree");
  tree_remove(parent_, "none/tree");
  put(tree_, "a file");
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
  put(tree_ + "/sub/file", "");
  tree_remove(parent_, "tree/sub");
  EXPECT_THAT(parent_.open_dir("tree").entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, RemovesDeepTrees) {
  make_deep(tree_, 1500, "d");
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, RemovesDeepTreesOfLongNames) {
  make_deep(tree_, 300, std::string(255, 'n'));
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, RemovesWideTrees) {
  const auto tree = Dir::make(tree_, 0700);
  for (int i = 0; i < 50'000; ++i) {
    const UniqueFd file(openat(tree.fd(), std::to_string(i).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
  }
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

// Looking again at all its neighbours for each of them would take hours.
TEST_F(TreeRemoveTest, RemovesManyDirectoriesThatAreNotEmpty) {
  const auto tree = Dir::make(tree_ + "/below", 0700);
  for (int i = 0; i < 20'000; ++i) {
    const auto name = std::to_string(i);
    ASSERT_EQ(mkdirat(tree.fd(), name.c_str(), 0700), 0);
    ASSERT_EQ(mkdirat(tree.fd(), (name + "/d").c_str(), 0700), 0);
  }
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, FollowsNoLink) {
  put(temp_ / "outside/file", "kept");
  const auto tree = Dir::make(tree_ + "/sub", 0700);
  tree.symlink(temp_ / "outside", "dir");
  tree.symlink(temp_ / "outside/file", "file");
  tree.symlink("../../..", "up");
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
  EXPECT_EQ(content(temp_ / "outside/file"), "kept");
  parent_.symlink(temp_ / "outside", "link");
  tree_remove(parent_, "link");
  EXPECT_THAT(parent_.entries(), IsEmpty()) << "of a link, the link";
  EXPECT_EQ(content(temp_ / "outside/file"), "kept");
}

TEST_F(TreeRemoveTest, HardLinksElsewhereKeepTheirContent) {
  put(temp_ / "outside/file", "kept");
  put(tree_ + "/file", "");
  std::filesystem::create_hard_link(temp_ / "outside/file", tree_ + "/linked");
  tree_remove(parent_, "tree");
  EXPECT_EQ(content(temp_ / "outside/file"), "kept");
}

TEST_F(TreeRemoveTest, RemovesSpecialFilesAndOddNames) {
  put(tree_ + "/sub/file", "");
  ASSERT_EQ(mkfifo((tree_ + "/sub/fifo").c_str(), 0600), 0);
  const UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX};
  const auto path = tree_ + "/socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(mknod((tree_ + "/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0 || errno == EPERM);
  ASSERT_EQ(mknod((tree_ + "/whiteout").c_str(), S_IFCHR, makedev(0, 0)), 0);
  for (const auto* name : {"\n", "\xff\xfe", " ", "-rf", "*", ".removing-0", ".removing-00000000-0", "...", "%s"}) {
    put(tree_ + "/" + name + "/" + name, "");
    put(tree_ + "/sub/" + name + "/" + name, "");
  }
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, RemovesWhatNobodyMayRead) {
  put(tree_ + "/closed/below/file", "");
  ASSERT_EQ(chmod((tree_ + "/closed/below").c_str(), 0), 0);
  ASSERT_EQ(chmod((tree_ + "/closed").c_str(), 0), 0);
  if (geteuid() != 0) GTEST_SKIP() << "only root reads what nobody may read";
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

TEST_F(TreeRemoveTest, GoesOnWhereItWasBrokenOff) {
  put(tree_ + "/.removing-1/file", "");
  put(tree_ + "/.removing-7/.removing-1/.removing-0/file", "");
  put(tree_ + "/.removing-0", "");
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

void set_flags(const std::string& path, int flags) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) < 0)
    throw std::system_error(errno, std::generic_category(), "FS_IOC_SETFLAGS");
}

TEST_F(TreeRemoveTest, RemovesWhatAGuestMadeImmutable) {
  put(tree_ + "/a/file", "");
  put(tree_ + "/a/log", "");
  put(tree_ + "/a/b/c/file", "");
  try {
    set_flags(tree_ + "/a/log", FS_APPEND_FL);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "this file system or user cannot make files immutable: " << error.what();
  }
  for (const auto* below : {"/a/file", "/a/b/c", "/a/b", "/a", ""}) set_flags(tree_ + below, FS_IMMUTABLE_FL);
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty());
}

// Runs in a mount namespace of its own, so that what it mounts goes with it.
void with_mounts(const std::function<void()>& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr int kMayNot = 77;
    if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) _exit(kMayNot);
    work();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this user may not mount";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(TreeRemoveTest, StopsAtMountPoints) {
  put(temp_ / "outside/file", "kept");
  put(tree_ + "/file", "");
  std::filesystem::create_directories(tree_ + "/a/b/mounted");
  with_mounts([&] {
    EXPECT_EQ(mount("tmpfs", (tree_ + "/a/b/mounted").c_str(), "tmpfs", 0, nullptr), 0);
    put(tree_ + "/a/b/mounted/file", "kept");
    EXPECT_THAT(error_of(Errc::kBusy, [&] { tree_remove(parent_, "tree"); }), HasSubstr("is a mount point and stays"));
  });
}

TEST_F(TreeRemoveTest, StopsAtBindMountsOfTheSameFileSystem) {
  put(temp_ / "outside/file", "kept");
  put(tree_ + "/mounted-file", "");
  std::filesystem::create_directories(tree_ + "/sub/mounted");
  with_mounts([&] {
    EXPECT_EQ(mount((temp_ / "outside").c_str(), (tree_ + "/sub/mounted").c_str(), nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(mount((temp_ / "outside/file").c_str(), (tree_ + "/mounted-file").c_str(), nullptr, MS_BIND, nullptr), 0);
    error_of(Errc::kBusy, [&] { tree_remove(parent_, "tree"); });
    EXPECT_EQ(umount((tree_ + "/mounted-file").c_str()), 0);
    error_of(Errc::kBusy, [&] { tree_remove(parent_, "tree"); });
  });
  EXPECT_EQ(content(temp_ / "outside/file"), "kept");
  tree_remove(parent_, "tree");
  EXPECT_THAT(parent_.entries(), IsEmpty()) << "without the mount it goes";
}

TEST_F(TreeRemoveTest, IsNotFooledByAMountAtTheTop) {
  put(temp_ / "outside/file", "kept");
  std::filesystem::create_directories(tree_);
  with_mounts([&] {
    EXPECT_EQ(mount((temp_ / "outside").c_str(), tree_.c_str(), nullptr, MS_BIND, nullptr), 0);
    error_of(Errc::kBusy, [&] { tree_remove(parent_, "tree"); });
  });
  EXPECT_EQ(content(temp_ / "outside/file"), "kept");
}

TEST_F(TreeRemoveTest, MessagesStayPrintable) {
  std::filesystem::create_directories(tree_ + "/a\n\xff");
  with_mounts([&] {
    EXPECT_EQ(mount("tmpfs", (tree_ + "/a\n\xff").c_str(), "tmpfs", 0, nullptr), 0);
    EXPECT_THAT(error_of(Errc::kBusy, [&] { tree_remove(parent_, "tree"); }), HasSubstr("a??"));
  });
}

}  // namespace sdme::os
