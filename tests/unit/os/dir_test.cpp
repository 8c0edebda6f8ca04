// SPDX-License-Identifier: MIT
#include "os/dir.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::os {

using test::content;
using test::error_of;
using test::put;
using testing::ElementsAre;
using testing::HasSubstr;

class DirTest : public testing::Test {
 protected:
  test::TempDir temp_;
  Dir dir_ = Dir::make(temp_ / "inside/of", 0700);
};

mode_t mode_of(const std::string& path) {
  struct stat found = {};
  return lstat(path.c_str(), &found) < 0 ? 0 : found.st_mode & 07777U;
}

// In a process that may not call openat2, as systemd's RestrictSUIDSGID= leaves it.
int without_openat2(const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program = {.len = std::size(rules), .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
      _exit(2);
    _exit(work() ? 0 : 1);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

template <typename Work>
bool throws(Work work) {
  try {
    work();
  } catch (const Error&) {
    return true;
  }
  return false;
}

TEST_F(DirTest, SameRulesWithoutOpenat2) {
  put(temp_ / "inside/secret", "outside");
  put(temp_ / "inside/of/a/file", "text");
  std::filesystem::create_symlink("..", temp_ / "inside/of/up");
  std::filesystem::create_symlink("a/file", temp_ / "inside/of/link");
  EXPECT_EQ(without_openat2([&] { return dir_.read("a/file", 10) == "text" && dir_.read("./a//file", 10) == "text"; }),
            0);
  EXPECT_EQ(without_openat2([&] {
              dir_.make_dir("made", 0700).write("b", "new", 0600);
              return dir_.read("made/b", 10) == "new" && dir_.entries().size() == 4;
            }),
            0);
  for (const auto* name : {"up/secret", "link", "../secret", "a/../../secret", "/etc/passwd", "up", ""}) {
    EXPECT_EQ(without_openat2([&] { return throws([&] { dir_.read(name, 10); }); }), 0) << name;
  }
  EXPECT_EQ(without_openat2([&] { return dir_.exists("link") && !dir_.exists("up/secret") && !dir_.find_dir("up"); }),
            0);
}

TEST_F(DirTest, MakesParentsAndSetsTheModeAnew) {
  const auto old = umask(077);
  Dir::make(temp_ / "a/b/c", 0755);
  umask(old);
  EXPECT_EQ(mode_of(temp_ / "a/b/c"), 0755U);
  Dir::make(temp_ / "a/b/c", 0700);
  EXPECT_EQ(mode_of(temp_ / "a/b/c"), 0700U);
  put(temp_ / "file", "");
  EXPECT_THROW(Dir::make(temp_ / "file", 0700), Error);
  EXPECT_THROW(Dir::make(temp_ / "file/below", 0700), Error);
}

TEST_F(DirTest, OpensBelow) {
  put(dir_.path() + "/a/b/file", "text");
  EXPECT_EQ(dir_.open_dir("a/b").read("file", 100), "text");
  EXPECT_EQ(dir_.read("a/b/file", 100), "text");
  EXPECT_EQ(dir_.open_dir("a").path(), dir_.path() + "/a");
  EXPECT_FALSE(dir_.find_dir("c"));
  EXPECT_FALSE(dir_.find_dir("a/b/file")) << "not a directory";
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { dir_.open_dir("c"); }), HasSubstr(dir_.path() + "/c"));
}

TEST_F(DirTest, NeverLeavesItself) {
  put(temp_ / "outside/file", "secret");
  for (const auto* name : {"..", "../..", "../of/..", "/etc", "a/../../..", "/"}) {
    EXPECT_THROW(dir_.open_dir(name), Error) << name;
  }
  for (const auto* name : {"../../outside/file", "/etc/passwd"}) {
    EXPECT_THROW(dir_.read(name, 100), Error) << name;
    EXPECT_THROW(dir_.write(name, "overwritten", 0600), Error) << name;
    EXPECT_THROW(dir_.remove(name), Error) << name;
    EXPECT_THROW(dir_.symlink("x", name), Error) << name;
    EXPECT_THROW(dir_.make_dir(std::string(name) + ".d", 0700), Error) << name;
    EXPECT_THROW(dir_.rename(name, dir_, "taken"), Error) << name;
  }
  EXPECT_EQ(content(temp_ / "outside/file"), "secret");
}

TEST_F(DirTest, FollowsNoLink) {
  put(temp_ / "outside/file", "secret");
  put(dir_.path() + "/real/file", "inner");
  dir_.symlink(temp_ / "outside", "far");
  dir_.symlink("real", "near");
  dir_.symlink(temp_ / "outside/file", "link");
  for (const auto* name : {"far", "near"}) {
    const auto below = std::string(name) + "/file";
    EXPECT_THROW(dir_.open_dir(name), Error);
    EXPECT_FALSE(dir_.find_dir(name));
    EXPECT_FALSE(dir_.exists(below));
    EXPECT_THROW(dir_.read(below, 100), Error);
    EXPECT_THROW(dir_.write(below, "overwritten", 0600), Error);
    EXPECT_THROW(dir_.make_dir(std::string(name) + "/new", 0700), Error);
    EXPECT_THROW(dir_.symlink("x", std::string(name) + "/new"), Error);
    EXPECT_THROW(dir_.rename(below, dir_, "taken"), Error);
    EXPECT_NO_THROW(dir_.remove(below)) << "there is no such thing below us";
  }
  EXPECT_THROW(dir_.read("link", 100), Error);
  EXPECT_THROW(dir_.open_file("link", O_WRONLY | O_CREAT, 0600), Error);
  EXPECT_FALSE(dir_.find_text("link", 100));
  EXPECT_TRUE(S_ISLNK(dir_.stat("link")->st_mode)) << "of the name itself";
  EXPECT_EQ(content(temp_ / "outside/file"), "secret");
  EXPECT_EQ(content(dir_.path() + "/real/file"), "inner");
}

TEST_F(DirTest, WriteReplacesALinkInsteadOfFollowingIt) {
  put(temp_ / "outside/file", "secret");
  dir_.symlink(temp_ / "outside/file", "record");
  dir_.symlink(temp_ / "outside/file", Dir::aside("record"));
  dir_.write("record", "new", 0600);
  EXPECT_EQ(content(temp_ / "outside/file"), "secret");
  EXPECT_TRUE(S_ISREG(dir_.stat("record")->st_mode));
  EXPECT_THAT(dir_.entries(), ElementsAre("record"));
}

TEST_F(DirTest, WriteIsWholeOrNotAtAll) {
  dir_.write("record", "one", 0640);
  EXPECT_EQ(mode_of(dir_.path() + "/record"), 0640U);
  const auto old = dir_.open_file("record", O_RDONLY);
  dir_.write("record", "another", 0600);
  char buffer[16] = {};
  EXPECT_EQ(::read(old.get(), buffer, sizeof buffer), 3) << "who reads the old one keeps it";
  EXPECT_EQ(dir_.read("record", 100), "another");
  EXPECT_EQ(mode_of(dir_.path() + "/record"), 0600U);

  std::filesystem::create_directory(dir_.path() + "/taken");
  EXPECT_THROW(dir_.write("taken", "text", 0600), Error);
  EXPECT_THAT(dir_.entries(), ElementsAre("record", "taken")) << "a failed write leaves nothing aside";
}

TEST_F(DirTest, WritesBelow) {
  dir_.make_dir("sub", 0700);
  dir_.write("sub/record", "text", 0600);
  EXPECT_EQ(dir_.read("sub/record", 100), "text");
  EXPECT_THAT(dir_.open_dir("sub").entries(), ElementsAre("record"));
}

TEST_F(DirTest, ReadsRegularFilesUpToALimit) {
  put(dir_.path() + "/file", "12345");
  EXPECT_EQ(dir_.read("file", 5), "12345");
  error_of(Errc::kLimitExceeded, [&] { dir_.read("file", 4); });
  error_of(Errc::kNotFound, [&] { dir_.read("none", 4); });
  EXPECT_FALSE(dir_.find_text("none", 4));
  ASSERT_EQ(mkfifo((dir_.path() + "/fifo").c_str(), 0600), 0);
  error_of(Errc::kCorrupt, [&] { dir_.read("fifo", 4); });
  EXPECT_FALSE(dir_.find_text("fifo", 4)) << "and nobody waits for a writer";
  dir_.make_dir("dir", 0700);
  EXPECT_FALSE(dir_.find_text("dir", 4));
}

TEST_F(DirTest, MakeDirIsExactAndNew) {
  const auto old = umask(077);
  dir_.make_dir("a", 01777);
  umask(old);
  EXPECT_EQ(mode_of(dir_.path() + "/a"), 01777U);
  dir_.make_dir("a/b", 0711);
  EXPECT_EQ(mode_of(dir_.path() + "/a/b"), 0711U);
  error_of(Errc::kAlreadyExists, [&] { dir_.make_dir("a", 0700); });
  error_of(Errc::kNotFound, [&] { dir_.make_dir("none/b", 0700); });
}

TEST_F(DirTest, ListsSortedAndAgain) {
  for (const auto* name : {"b", "a", ".hidden", "…"}) put(dir_.path() + "/" + name, "");
  EXPECT_THAT(dir_.entries(), ElementsAre(".hidden", "a", "b", "…"));
  EXPECT_THAT(dir_.entries(), ElementsAre(".hidden", "a", "b", "…"));
}

TEST_F(DirTest, RenameNeverReplaces) {
  put(dir_.path() + "/a", "a");
  put(dir_.path() + "/b", "b");
  error_of(Errc::kAlreadyExists, [&] { dir_.rename("a", dir_, "b"); });
  const auto other = dir_.make_dir("other", 0700);
  dir_.rename("a", other, "c");
  EXPECT_EQ(other.read("c", 10), "a");
  EXPECT_EQ(dir_.read("b", 10), "b");
  error_of(Errc::kNotFound, [&] { dir_.rename("a", other, "d"); });
}

TEST_F(DirTest, RemoveIsForFilesAndAbsentIsFine) {
  put(dir_.path() + "/a", "");
  dir_.remove("a");
  dir_.remove("a");
  EXPECT_FALSE(dir_.exists("a"));
  dir_.make_dir("d", 0700);
  EXPECT_THROW(dir_.remove("d"), Error);
}

TEST_F(DirTest, MessagesStayPrintable) {
  const auto message = error_of(Errc::kNotFound, [&] { dir_.open_dir("a\nb\x1b\xff"); });
  EXPECT_THAT(message, HasSubstr("a?b??"));
}

}  // namespace sdme::os
