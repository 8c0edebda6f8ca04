// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "os/unique_fd.hpp"
#include "store/store_dirs.hpp"
#include "support/expect_error.hpp"

namespace sdme::store {

using test::container;
using test::error_of;
using test::kLayerA;
using test::rootfs;

// A store on a small file system of its own, which goes with the process that runs the test.
class FullDiskTest : public testing::Test {
 protected:
  static void with_small_disk(const char* options, const std::function<void(const test::StoreDirs&)>& work) {
    const test::StoreDirs dirs;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      constexpr int kMayNot = 77;
      std::filesystem::create_directories(dirs.root());
      if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
          mount("tmpfs", dirs.root().c_str(), "tmpfs", 0, options) < 0) {
        _exit(kMayNot);
      }
      work(dirs);
      _exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this user may not mount";
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }

  static void fill(const test::StoreDirs& dirs) {
    const os::UniqueFd fd(open((dirs / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string block(4096, 'x');
    while (write(fd.get(), block.data(), block.size()) > 0) continue;
  }

  static void use_up_inodes(const test::StoreDirs& dirs) {
    std::filesystem::create_directory(dirs / "filler");
    for (int i = 0;; ++i) {
      const os::UniqueFd fd(
          open((dirs / ("filler/" + std::to_string(i))).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      if (!fd) return;
    }
  }

  static void check(const test::StoreDirs& dirs, const std::function<void(const test::StoreDirs&)>& fill_up) {
    auto store = dirs.open();
    test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
    test::create(store, 2, container("web", "debian", {kLayerA}));
    test::stage_container(store, 3);
    auto enabled = container("web", "debian", {kLayerA});
    enabled.enabled = true;
    fill_up(dirs);
    error_of(Errc::kNoSpace, [&] { store.commit_rootfs(rootfs("copy", {kLayerA}), Replace::kNo); });
    error_of(Errc::kNoSpace, [&] { store.commit_rootfs(rootfs("debian", {kLayerA}, "again"), Replace::kYes); });
    error_of(Errc::kNoSpace, [&] { store.commit_container(3, container("db", "debian", {kLayerA})); });
    error_of(Errc::kNoSpace, [&] { store.update_container(enabled); });
    EXPECT_THAT(os::Dir::open(dirs / "staging").entries(), testing::ElementsAre("3"));
    EXPECT_EQ(store.catalogue().containers().size(), 1U);
    EXPECT_EQ(store.catalogue().rootfs().size(), 1U);
    EXPECT_FALSE(store.catalogue().find_container("web")->enabled);
    EXPECT_EQ(store.catalogue().find_rootfs("debian")->origin, "");
    EXPECT_TRUE(store.catalogue().damaged().empty());
    store.discard_staging(3);
    store.trash_container("web");
    std::filesystem::remove_all(dirs / "filler");
    store.commit_rootfs(rootfs("copy", {kLayerA}), Replace::kNo);
    test::create(store, 3, enabled);
  }
};

TEST_F(FullDiskTest, NoRoomForBytes) {
  with_small_disk("size=256k", [](const test::StoreDirs& dirs) { check(dirs, fill); });
}

TEST_F(FullDiskTest, NoRoomForFiles) {
  with_small_disk("size=4m,nr_inodes=60", [](const test::StoreDirs& dirs) { check(dirs, use_up_inodes); });
}

}  // namespace sdme::store
