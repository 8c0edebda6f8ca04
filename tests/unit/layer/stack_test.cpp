// SPDX-License-Identifier: MIT
#include "layer/stack.hpp"

#include "layer/stacking.hpp"

namespace sdme::test {

namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;

class Stack : public Stacking {
 protected:
  std::string read(const std::string& path) {
    const auto fd = stack().open_file(path);
    return fd ? os::read_all(fd.get(), 4096, path) : "none";
  }
};

TEST_F(Stack, MergesAsTheKernelDoes) {
  add(directory("d") + file("d/a", "1") + file("d/b", "1") + directory("e") + file("e/a") + file("gone"));
  add(directory("d") + file("d/b", "2") + file("d/c", "2") + file(".wh.gone") + file("e", "flat"));
  add(directory("d") + file("d/.wh.a") + directory("e") + file("e/new", "3"));
  EXPECT_THAT(stack().names("/d"), ElementsAre("b", "c"));
  EXPECT_THAT(stack().names("/e"), ElementsAre("new"));
  EXPECT_THAT(stack().names("/"), ElementsAre("d", "e"));
  EXPECT_THAT(stack().names("/gone"), IsEmpty());
  EXPECT_EQ(read("/d/b"), "2");
  EXPECT_EQ(read("/d/a"), "none");
  EXPECT_EQ(read("/gone"), "none");
  EXPECT_EQ(read("/e/a"), "none");
  EXPECT_FALSE(stack().find_dir("/gone"));
  EXPECT_TRUE(stack().find_dir("/"));
  EXPECT_FALSE(stack().open_name("/d/a"));
  EXPECT_TRUE(stack().open_name("/d/c"));
  EXPECT_EQ(names(), stack().names("/"));
  EXPECT_EQ(names("d"), stack().names("/d"));
}

TEST_F(Stack, StopsAtAnOpaqueDirectory) {
  add(directory("d") + file("d/a") + directory("d/sub") + file("d/sub/a"));
  add(directory("d") + file("d/.wh..wh..opq") + directory("d/sub"));
  EXPECT_THAT(stack().names("/d"), ElementsAre("sub"));
  EXPECT_THAT(stack().names("/d/sub"), IsEmpty());
  EXPECT_EQ(read("/d/sub/a"), "none");
}

TEST_F(Stack, ResolvesLinksAcrossLayers) {
  add(directory("usr/bin") + file("usr/bin/tool", "1") + symlink("bin", "usr/bin") + symlink("up", "../../../usr"));
  add(symlink("usr/bin/alias", "/bin/tool") + symlink("usr/bin/rel", "../../bin/./alias"));
  EXPECT_THAT(stack().resolve("/bin/rel"), Optional(Eq("/usr/bin/tool")));
  EXPECT_THAT(stack().resolve("/up/bin/../bin/tool"), Optional(Eq("/usr/bin/tool")));
  EXPECT_THAT(stack().resolve("/"), Optional(Eq("/")));
  EXPECT_THAT(stack().resolve("/.."), Optional(Eq("/")));
  EXPECT_EQ(read("/bin/rel"), "1");
  add(file("usr/bin/.wh.tool"));
  EXPECT_EQ(stack().resolve("/bin/rel"), std::nullopt);
  EXPECT_EQ(read("/bin/rel"), "none");
  EXPECT_THAT(stack().link_target("/bin/alias"), std::nullopt);
  EXPECT_THAT(stack().link_target("/usr/bin/alias"), Optional(Eq("/bin/tool")));
}

TEST_F(Stack, GivesUpOnCirclesAndOnWaysThroughFiles) {
  add(symlink("a", "b") + symlink("b", "a") + symlink("self", "self/x") + file("f") + symlink("into", "f/x"));
  for (const auto* const path : {"/a", "/a/x", "/self", "/f/x", "/f/..", "/into", "/nowhere/.."}) {
    EXPECT_EQ(stack().resolve(path), std::nullopt) << path;
  }
}

TEST_F(Stack, OpensRegularFilesOnly) {
  add(tar({.name = "fifo", .type = '6'}) + tar({.name = "null", .type = '3', .major = 1, .minor = 3}) + directory("d") +
      symlink("out", dir_ / "canary") + tar({.name = "run", .mode = 0700}) + file("text"));
  for (const auto* const path : {"/fifo", "/null", "/d", "/out", "/"}) EXPECT_EQ(read(path), "none") << path;
  EXPECT_TRUE(stack().is_executable("/run"));
  EXPECT_FALSE(stack().is_executable("/text"));
  EXPECT_FALSE(stack().is_executable("/d"));
}

TEST_F(Stack, ReadsTheTopmostOsRelease) {
  add(directory("usr/lib") + file("usr/lib/os-release", "PRETTY_NAME=One\n") +
      symlink("etc/os-release", "../usr/lib/os-release"));
  EXPECT_EQ(stack().os(), "One");
  add(file("usr/lib/os-release", "PRETTY_NAME=\"Two\x1b[2J\"\n"));
  EXPECT_EQ(stack().os().find('\x1b'), std::string::npos);
  EXPECT_EQ(stack().os().substr(0, 3), "Two");
  add(file("etc/.wh.os-release"));
  EXPECT_EQ(stack().os().substr(0, 3), "Two");
  add(file("usr/.wh.lib"));
  EXPECT_EQ(stack().os(), "");
}

}  // namespace

}  // namespace sdme::test
