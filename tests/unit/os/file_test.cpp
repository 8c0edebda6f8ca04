// SPDX-License-Identifier: MIT
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/expect_error.hpp"

namespace sdme::os {

using test::error_of;

TEST(UniqueFd, ClosesOnceAndMoves) {
  int pipe_fds[2] = {};
  ASSERT_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
  const UniqueFd reading(pipe_fds[0]);
  UniqueFd writing(pipe_fds[1]);
  UniqueFd moved = std::move(writing);
  EXPECT_EQ(moved.get(), pipe_fds[1]);
  UniqueFd& itself = moved;
  moved = std::move(itself);
  EXPECT_TRUE(moved) << "assigned to itself it stays open";
  moved.reset();
  char byte = 0;
  EXPECT_EQ(::read(reading.get(), &byte, 1), 0) << "the writing end is closed";
  EXPECT_FALSE(moved);
}

TEST(ReadAll, EndsAtTheLimit) {
  const auto fd = sealed_memory(std::string(100'000, 'x'), "test");
  EXPECT_EQ(read_all(fd.get(), 100'000, "it").size(), 100'000U);
  ASSERT_EQ(lseek(fd.get(), 0, SEEK_SET), 0);
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { read_all(fd.get(), 99'999, "it"); }), testing::HasSubstr("it"));
  error_of(Errc::kInternal, [] { read_all(-1, 1, "it"); });
}

TEST(WriteAll, SaysWhatFailed) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  EXPECT_THAT(error_of(Errc::kNoSpace, [&] { write_all(full.get(), "x", "the record"); }),
              testing::HasSubstr("the record"));
}

TEST(SealedMemory, NobodyChangesItAnyMore) {
  const auto fd = sealed_memory("text", "test");
  EXPECT_EQ(read_all(fd.get(), 100, "it"), "text") << "it stands at its start";
  EXPECT_LT(::write(fd.get(), "x", 1), 0);
  EXPECT_LT(ftruncate(fd.get(), 0), 0);
  EXPECT_EQ(mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
  EXPECT_LT(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_EXEC), 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Duplicate, IsClosedOnExecAndNoStandardStream) {
  const auto copy = duplicate(STDOUT_FILENO);
  EXPECT_GT(copy.get(), 2);
  EXPECT_NE(fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_THROW(duplicate(-1), Error);
}

}  // namespace sdme::os
