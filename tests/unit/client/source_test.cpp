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
  Source source({.place = path("a.tar")});
  EXPECT_FALSE(source.needs_us());
  EXPECT_EQ(source.origin(), std::filesystem::canonical(path("a.tar")).string());
  EXPECT_EQ(read_all(loop, source.give()), "bytes");
}

TEST_F(SourceTest, ADirectoryIsATarStream) {
  make_file("hello", "contents of a file");
  Loop loop;
  Source source({.place = directory_});
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
  Source source({.place = directory_});
  bool failed = false;
  // Nobody reads: tar is killed by the pipe.
  source.give();
  make_file("hello", std::string(1 << 20, 'x'));
  source.watch(loop, [&] { failed = true; });
  loop.run_until([&] { return failed; });
  ASSERT_TRUE(source.failure());
  EXPECT_EQ(source.failure()->exit_status, exit_code::kBadInput);
}

TEST_F(SourceTest, ALayoutSaysAtOnceThatItIsOne) {
  make_file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
  make_file("index.json", "{}");
  make_file("also.txt", "not of an image");
  std::filesystem::create_directory(directory_ / "blobs");
  make_file("blobs/one", "a blob");
  std::filesystem::create_hard_link(directory_ / "blobs/one", directory_ / "blobs/two");
  const auto stream_of = [&](SourceName::Kind kind) {
    Loop loop;
    Source source({.kind = kind, .place = directory_});
    source.watch(loop, [] { ADD_FAILURE() << "tar failed"; });
    return read_all(loop, source.give());
  };
  for (const auto kind : {SourceName::Kind::kPath, SourceName::Kind::kLayout}) {
    const auto stream = stream_of(kind);
    EXPECT_TRUE(stream.starts_with("oci-layout"));
    EXPECT_EQ(stream.find("index.json"), 1024U);
    EXPECT_EQ(stream.find("not of an image"), std::string::npos);
    EXPECT_NE(stream.find("a blob", stream.find("a blob") + 1), std::string::npos) << "a link is what it links to";
  }
  const auto tree = stream_of(SourceName::Kind::kTree);
  EXPECT_TRUE(tree.starts_with("./"));
  EXPECT_NE(tree.find("not of an image"), std::string::npos);
  std::filesystem::remove(directory_ / "blobs/one");
  std::filesystem::remove(directory_ / "blobs/two");
  std::filesystem::remove(directory_ / "blobs");
  EXPECT_TRUE(stream_of(SourceName::Kind::kLayout).starts_with("oci-layout")) << "one without blobs is whole";
}

struct WrongKind {
  SourceName::Kind kind;
  const char* name;
  const char* said;
};

TEST_F(SourceTest, WhatIsThereIsNotWhatWasSaid) {
  using Kind = SourceName::Kind;
  make_file("file", "x");
  for (const auto& [kind, name, said] : {WrongKind{Kind::kFile, ".", "is a directory"},
                                         {Kind::kTree, "file", "is no directory"},
                                         {Kind::kLayout, "file", "oci-archive:"},
                                         {Kind::kLayout, ".", "no image layout"},
                                         {Kind::kPath, "nothing", "cannot open"},
                                         {Kind::kFile, "nothing", "cannot open"}}) {
    try {
      Source source({.kind = kind, .place = path(name)});
      ADD_FAILURE() << name << " was taken";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit_status, exit_code::kBadInput);
      EXPECT_NE((failure.message + failure.hint).find(said), std::string::npos) << failure.message;
    }
  }
  EXPECT_THROW(Source({.place = "/dev/null"}), Failure);
}

}  // namespace
}  // namespace sdme::client
