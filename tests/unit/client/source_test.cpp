// SPDX-License-Identifier: MIT
#include "source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sdme::client {
namespace {

using testing::Contains;

class SourceTest : public testing::Test {
 protected:
  SourceTest() { std::filesystem::create_directory(directory_); }
  ~SourceTest() override {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) std::filesystem::remove(entry.path());
    std::filesystem::remove(directory_);
  }

  std::string path(const std::string& name) const { return directory_ / name; }
  void make_file(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / ("source_test_" + std::to_string(::getpid()));
};

// All that comes until the stream is closed; the loop runs beside it.
std::string read_all(Loop& loop, const sdbus::UnixFd& fd) {
  std::string all;
  bool ended = false;
  Loop::Watch watch(loop, fd.get(), [&](short) {
    char buffer[8192];
    const auto count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count > 0) all.append(buffer, static_cast<std::size_t>(count));
    ended = count <= 0;
  });
  watch.want(POLLIN);
  loop.run_until([&] { return ended; });
  return all;
}

TEST(TarArguments, AreExactlyThese) {
  EXPECT_THAT(tar_arguments("-odd dir"),
              testing::ElementsAre("tar", "--create", "--format=posix", "--pax-option=delete=atime,delete=ctime",
                                   "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls",
                                   "--sparse", "--one-file-system", "--directory=-odd dir", "."));
}

TEST_F(SourceTest, AFileIsPassedAsItIs) {
  make_file("a.tar", "bytes");
  Loop loop;
  Source source(path("a.tar"));
  EXPECT_FALSE(source.needs_us());
  EXPECT_EQ(source.origin(), std::filesystem::canonical(path("a.tar")).string());
  EXPECT_EQ(read_all(loop, source.give()), "bytes");
}

TEST_F(SourceTest, ADirectoryIsATarStream) {
  make_file("hello", "contents of a file");
  Loop loop;
  Source source(directory_);
  EXPECT_TRUE(source.needs_us());
  source.watch(loop, [] { FAIL() << "tar failed"; });
  const auto stream = read_all(loop, source.give());
  EXPECT_EQ(stream.size() % 512, 0U);
  EXPECT_NE(stream.find("./hello"), std::string::npos);
  EXPECT_NE(stream.find("contents of a file"), std::string::npos);
  EXPECT_FALSE(source.failure());
}

TEST_F(SourceTest, AStreamThatFailedDoesNotEnd) {
  Loop loop;
  Source source(directory_);
  bool failed = false;
  // Nobody reads: tar is killed by the pipe.
  source.give();
  make_file("hello", std::string(1 << 20, 'x'));
  source.watch(loop, [&] { failed = true; });
  loop.run_until([&] { return failed; });
  ASSERT_TRUE(source.failure());
  EXPECT_EQ(source.failure()->exit_status, exit_code::kBadInput);
}

TEST_F(SourceTest, WhatCannotBeOpened) {
  EXPECT_THROW(Source(path("nothing")), Failure);
  EXPECT_THROW(Source("/dev/null"), Failure);
  try {
    Source("docker.io/debian:13");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit_status, exit_code::kBadInput);
    EXPECT_THAT(failure.hint, testing::HasSubstr("SOURCE"));
  }
}

}  // namespace
}  // namespace sdme::client
