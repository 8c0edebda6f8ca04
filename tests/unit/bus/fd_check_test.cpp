// SPDX-License-Identifier: MIT
#include "bus/fd_check.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::bus {

using test::error_of;
using testing::HasSubstr;

class FdCheck : public testing::Test {
 protected:
  static sdbus::UnixFd opened(const std::string& path, int flags) {
    return sdbus::UnixFd{open(path.c_str(), flags | O_CLOEXEC), sdbus::adopt_fd};
  }
  static std::string refusal(const sdbus::UnixFd& fd) {
    return error_of(Errc::kInvalidArgument, [&] { take_data(fd, "data"); });
  }
  std::string file() {
    test::put(temp_ / "file", "content");
    return temp_ / "file";
  }

  test::TempDir temp_;
};

TEST_F(FdCheck, AFileOrAPipeToReadIsData) {
  EXPECT_TRUE(take_data(opened(file(), O_RDONLY), "data"));
  EXPECT_TRUE(take_data(opened(file(), O_RDWR), "data"));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const sdbus::UnixFd reading{ends[0], sdbus::adopt_fd};
  const sdbus::UnixFd writing{ends[1], sdbus::adopt_fd};
  EXPECT_TRUE(is_pipe(take_data(reading, "data")));
  EXPECT_THAT(refusal(writing), HasSubstr("not open for reading"));
}

TEST_F(FdCheck, WhatProvesNoRightIsRefused) {
  EXPECT_THAT(refusal(opened(file(), O_PATH)), HasSubstr("O_PATH"));
  EXPECT_THAT(refusal(opened(file(), O_WRONLY)), HasSubstr("not open for reading"));
  EXPECT_THAT(refusal(opened(temp_ / ".", O_RDONLY)), HasSubstr("regular file or a pipe"));
  EXPECT_THAT(refusal(opened("/dev/zero", O_RDONLY)), HasSubstr("regular file or a pipe"));
  EXPECT_THAT(refusal(opened("/proc/self/status", O_RDONLY)), HasSubstr("of the kernel"));
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const sdbus::UnixFd one{ends[0], sdbus::adopt_fd};
  const sdbus::UnixFd other{ends[1], sdbus::adopt_fd};
  EXPECT_THAT(refusal(one), HasSubstr("regular file or a pipe"));
}

TEST_F(FdCheck, AGuestGetsPipesAndStreamSocketsOnly) {
  const auto refused = [](const sdbus::UnixFd& fd) {
    return !error_of(Errc::kInvalidArgument, [&] { take_stream(fd, "in", Direction::kRead); }).empty();
  };
  EXPECT_TRUE(refused(opened(file(), O_RDONLY)));
  EXPECT_TRUE(refused(opened(temp_ / ".", O_RDONLY)));
  EXPECT_TRUE(refused(opened("/dev/null", O_RDWR)));
  EXPECT_TRUE(refused(opened("/dev/ptmx", O_RDWR | O_NOCTTY)));
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_TRUE(take_stream(sdbus::UnixFd{ends[0], sdbus::adopt_fd}, "in", Direction::kRead));
  EXPECT_TRUE(take_stream(sdbus::UnixFd{ends[1], sdbus::adopt_fd}, "out", Direction::kWrite));
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
  EXPECT_TRUE(refused(sdbus::UnixFd{ends[0], sdbus::adopt_fd}));
  EXPECT_TRUE(refused(sdbus::UnixFd{ends[1], sdbus::adopt_fd}));
}

}  // namespace sdme::bus
