// SPDX-License-Identifier: MIT
// Layers on layers, looked at through the kernel's overlay. The names are of the cases in which
// readers of images were wrong.
#include "layer/settle.hpp"

#include <sys/xattr.h>

#include <ctime>

#include "layer/stacking.hpp"
#include "support/peak_memory.hpp"

namespace sdme::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Settle : public Stacking {
 protected:
  bool has_attribute(const std::string& below, const std::string& name) {
    return lgetxattr(path(below).c_str(), name.c_str(), nullptr, 0) >= 0;
  }
};

std::string owned(const std::string& name, unsigned mode, std::uint64_t uid) {
  return tar({.name = name, .type = '5', .mode = mode, .uid = uid});
}

TEST_F(Settle, B03B04RemovesLinksAndNotTheirTargets) {
  add(directory("d") + file("d/x") + symlink("to-d", "d") + symlink("dangling", "/nowhere/at/all"));
  add(file(".wh.to-d") + file(".wh.dangling"));
  EXPECT_THAT(names(), ElementsAre("d"));
  EXPECT_EQ(text("d/x"), "content");
}

TEST_F(Settle, B05WhitesOutWhatIsNotThere) {
  add(directory("d") + file("f"));
  add(file(".wh.no") + file("d/.wh.no") + file("new/dir/.wh.no") + file("f/.wh.no") + file("opaque/in/.wh..wh..opq"));
  EXPECT_THAT(names(), ElementsAre("d", "f"));
  EXPECT_THAT(names("d"), IsEmpty());
  EXPECT_EQ(text("f"), "content");
}

// The kernel lists whiteouts of a directory that merges with nothing.
TEST_F(Settle, B05LeavesNoWhiteoutWhereNothingMerges) {
  add(directory("d") + file("d/.wh.x") + file(".wh.y"));
  add(directory("d") + file("d/.wh..wh..opq") + file("d/.wh.z") + directory("d/e") + file("d/e/.wh.z") + file("d/e/f"));
  EXPECT_THAT(names("d"), ElementsAre("e"));
  EXPECT_THAT(names("d/e"), ElementsAre("f"));
  EXPECT_THAT(os::Dir::open(in_layer(0, "")).entries(), ElementsAre("d"));
  EXPECT_THAT(os::Dir::open(in_layer(1, "d/e")).entries(), ElementsAre("f"));
}

TEST_F(Settle, B06KeepsWhatTheLayerAddsAndWhitesOut) {
  add(file("f", "old") + directory("d") + file("d/old"));
  add(file("f", "new") + file(".wh.f") + directory("d") + file("d/new") + file(".wh.d"));
  EXPECT_EQ(text("f"), "new");
  EXPECT_THAT(names("d"), ElementsAre("new"));
}

TEST_F(Settle, B09B13IsOpaqueInAnyOrder) {
  const auto opaque = file("d/.wh..wh..opq");
  for (const auto& layer : {opaque + file("d/new"), file("d/new") + opaque, directory("d") + opaque + file("d/new")}) {
    clear();
    add(owned("d", 0711, 7) + file("d/old") + directory("d/sub") + file("d/sub/old"));
    add(layer);
    EXPECT_THAT(names("d"), ElementsAre("new"));
  }
  clear();
  add(owned("d", 0711, 7) + file("d/old"));
  add(opaque);
  EXPECT_THAT(names("d"), IsEmpty());
  EXPECT_EQ(status("d").st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(status("d").st_uid, 7U);
}

TEST_F(Settle, B11IsOpaqueAtTheRoot) {
  add(file("f") + directory("gone") + directory("d") + file("d/old") + symlink("l", "d") + file("g"));
  add(file(".wh.g"));
  add(file(".wh..wh..opq") + file("d/new") + file("f", "new"));
  EXPECT_THAT(names(), ElementsAre("d", "f"));
  EXPECT_THAT(names("d"), ElementsAre("new"));
  EXPECT_EQ(text("f"), "new");
}

TEST_F(Settle, B12IsOpaqueInADirectoryThatIsNew) {
  add(file("f"));
  add(file("new/.wh..wh..opq") + file("new/x"));
  EXPECT_THAT(names("new"), ElementsAre("x"));
}

TEST_F(Settle, B22B23WhitesOutAndAddsAgain) {
  add(directory("d") + file("d/old") + file("f", "one"));
  add(file(".wh.d") + file("d", "flat") + file(".wh.f"));
  EXPECT_EQ(text("d"), "flat");
  EXPECT_TRUE(is_absent("f"));
  add(directory("d") + file("d/new") + file("f", "three"));
  EXPECT_THAT(names("d"), ElementsAre("new"));
  EXPECT_EQ(text("f"), "three");
}

TEST_F(Settle, C01C02C03ReplacesOneKindByAnother) {
  add(directory("a") + file("a/old") + file("b") + directory("c") + file("c/old") + directory("other"));
  add(file("a", "file") + directory("b") + file("b/new") + symlink("c", "other"));
  EXPECT_EQ(text("a"), "file");
  EXPECT_THAT(names("b"), ElementsAre("new"));
  EXPECT_TRUE(is("c", S_IFLNK));
  add(directory("c") + file("c/new"));
  EXPECT_THAT(names("c"), ElementsAre("new"));
}

TEST_F(Settle, C05LandsWhereALowerLinkLeads) {
  add(directory("usr") + owned("usr/lib", 0711, 5) + file("usr/lib/old") + symlink("lib", "usr/lib"));
  add(file("lib/new") + owned("lib/sub", 0700, 6) + file("lib/sub/x") + file("lib/.wh.old"));
  EXPECT_TRUE(is("lib", S_IFLNK));
  EXPECT_THAT(names("usr/lib"), ElementsAre("new", "sub"));
  EXPECT_EQ(status("usr/lib").st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(status("usr/lib").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(status("usr/lib/sub").st_uid, 6U);
  EXPECT_EQ(text("usr/lib/sub/x"), "content");
  EXPECT_THAT(os::Dir::open(in_layer(1, "")).entries(), ElementsAre("usr"));
}

TEST_F(Settle, C06LandsWhereAbsoluteAndChainedLinksLead) {
  add(directory("run") + symlink("var/run", "/run") + symlink("a", "b/../c") + directory("b") +
      symlink("c", "/var/run/"));
  add(file("var/run/pid") + file("a/lock/file") + file("a/.wh..wh..opq"));
  EXPECT_THAT(names("run"), ElementsAre("lock", "pid"));
  EXPECT_TRUE(is("a", S_IFLNK));
  EXPECT_TRUE(is("var/run", S_IFLNK));
}

TEST_F(Settle, C06LandsWhereNothingIsYet) {
  add(symlink("var/lock", "../run/lock"));
  add(file("var/lock/x"));
  EXPECT_EQ(text("run/lock/x"), "content");
  EXPECT_TRUE(is("var/lock", S_IFLNK));
}

TEST_F(Settle, C06NeverLandsOutside) {
  add(symlink("out", dir_.path()) + symlink("up", "../../../../.."));
  add(file("out/canary", "in") + file("up/canary", "in"));
  EXPECT_EQ(text(dir_.path().substr(1) + "/canary"), "in");
  EXPECT_EQ(text("canary"), "in");
}

TEST_F(Settle, C06LandsInItsOwnParent) {
  add(directory("usr") + symlink("usr/local", ".") + symlink("here", "/"));
  add(file("usr/local/local/local/x") + file("here/usr/y") + file("here/z"));
  EXPECT_THAT(names("usr"), ElementsAre("local", "x", "y"));
  EXPECT_THAT(names(), ElementsAre("here", "usr", "z"));
}

TEST_F(Settle, C06RefusesLinksInCircles) {
  add(symlink("a", "b") + symlink("b", "a"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { add(file("a/x")); }), HasSubstr("circles"));
}

TEST_F(Settle, C06FollowsCirclesInLittleMemory) {
  std::string target = "l";
  while (target.size() < 4000) target += "/l";
  add(pax(pax_record("linkpath", target)) + symlink("l", "x"));
  std::string sentence;
  EXPECT_LT(peak_memory_of([&] { sentence = error_of(Errc::kCorrupt, [&] { add(file("l/x")); }); }), 64U << 20U);
  EXPECT_THAT(sentence, HasSubstr("circles"));
}

// Of an implied directory, and of one that is listed in the layer at the link's target.
TEST_F(Settle, C05MergesWithWhatTheLayerHasThere) {
  add(directory("usr/lib") + file("usr/lib/old") + directory("usr/lib/d") + file("usr/lib/d/old") +
      symlink("lib", "usr/lib"));
  add(owned("usr/lib", 0751, 3) + owned("usr/lib/d", 0700, 3) + file("usr/lib/d/one") + file("usr/lib/f", "one") +
      file("usr/lib/.wh.old") + owned("lib/d", 0755, 4) + file("lib/d/two") + file("lib/f", "two") +
      file("lib/old", "new"));
  EXPECT_THAT(names("usr/lib"), ElementsAre("d", "f", "old"));
  EXPECT_THAT(names("usr/lib/d"), ElementsAre("old", "one", "two"));
  EXPECT_EQ(text("usr/lib/f"), "two");
  EXPECT_EQ(text("usr/lib/old"), "new");
  EXPECT_EQ(status("usr/lib").st_uid, 3U);
  EXPECT_EQ(status("usr/lib").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(status("usr/lib/d").st_uid, 4U);
}

TEST_F(Settle, HidesWhatAWhiteoutAtTheTargetHid) {
  add(directory("t") + directory("t/d") + file("t/d/old") + directory("t/e") + file("t/e/old") + symlink("l", "t"));
  add(file("t/.wh.d") + file("l/d/new") + file("t/e/new") + file("l/.wh.e"));
  EXPECT_THAT(names("t/d"), ElementsAre("new"));
  EXPECT_THAT(names("t/e"), ElementsAre("new"));
}

TEST_F(Settle, ReplacesALowerFileByAnImpliedDirectory) {
  add(file("x", "file"));
  add(file("x/y"));
  EXPECT_EQ(text("x/y"), "content");
}

TEST_F(Settle, D15TakesALowerDirectorysMetadataOnlyWhenImplied) {
  add(pax(pax_record("SCHILY.xattr.user.kept", "v") + pax_record("mtime", "1234567.125")) + owned("implied", 03750, 7) +
      pax(pax_record("SCHILY.xattr.user.kept", "v") +
          pax_record("SCHILY.acl.default", "user::rwx,user:99:r-x,group::r-x,mask::r-x,other::---")) +
      owned("listed", 03750, 7));
  add(owned("listed", 0700, 8) + file("listed/x") + file("implied/x") + file("implied/new/x"));
  EXPECT_EQ(status("implied").st_mode, S_IFDIR | 03750U);
  EXPECT_EQ(status("implied").st_uid, 7U);
  EXPECT_EQ(status("implied").st_mtim.tv_sec, 1234567);
  EXPECT_EQ(status("implied").st_mtim.tv_nsec, 125'000'000);
  EXPECT_TRUE(has_attribute("implied", "user.kept"));
  EXPECT_EQ(status("implied/new").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status("listed").st_mode, S_IFDIR | 0700U);
  EXPECT_FALSE(has_attribute("listed", "user.kept"));
  EXPECT_FALSE(has_attribute("listed", "system.posix_acl_default"));
}

TEST_F(Settle, D15TakesAccessControlLists) {
  const auto acl = "user::rwx,user:99:r-x,group::r-x,mask::r-x,other::---";
  add(pax(pax_record("SCHILY.acl.access", acl) + pax_record("SCHILY.acl.default", acl)) + directory("d") + file("d/t") +
      symlink("l", "d/deep"));
  add(file("d/x") + file("l/y") + hard_link("d/z", "d/t"));
  EXPECT_TRUE(has_attribute("d", "system.posix_acl_access"));
  EXPECT_TRUE(has_attribute("d", "system.posix_acl_default"));
  for (const auto* const name : {"d/x", "d/deep", "d/deep/y", "d/t"}) {
    EXPECT_FALSE(has_attribute(name, "system.posix_acl_access")) << name;
  }
  EXPECT_EQ(status("d/deep").st_mode, S_IFDIR | 0755U);
}

TEST_F(Settle, TakesTheRootsMetadataToo) {
  add(owned("./", 0711, 9) + file("a"));
  add(file("b"));
  add(file("c"));
  struct stat found = {};
  ASSERT_EQ(lstat(in_layer(2, "").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(found.st_uid, 9U);
  EXPECT_EQ(found.st_mtim.tv_sec, 1'000'000'000);
}

TEST_F(Settle, TakesNothingThatIsHidden) {
  add(directory("d") + owned("d/e", 0700, 7) + owned("f", 0700, 7));
  add(file(".wh.f"));
  add(directory("d") + file("d/.wh..wh..opq") + file("d/e/x") + file("f/x"));
  EXPECT_EQ(status("d/e").st_uid, 0U);
  EXPECT_EQ(status("f").st_uid, 0U);
}

TEST_F(Settle, LinksToALowerFile) {
  add(directory("d") + pax(pax_record("SCHILY.xattr.user.a", "v")) +
      tar({.name = "d/x", .content = "low", .mode = 04711, .uid = 5}) + symlink("l", "d") + symlink("to-x", "d/x"));
  add(hard_link("one", "d/x") + hard_link("/two", "/l/x") + hard_link("three", "one") + hard_link("link", "to-x"));
  for (const auto* const name : {"one", "two", "three", "d/x"}) {
    EXPECT_EQ(text(name), "low");
    EXPECT_EQ(status(name).st_ino, status("d/x").st_ino) << name;
    EXPECT_EQ(status(name).st_mode, S_IFREG | 04711U);
    EXPECT_TRUE(has_attribute(name, "user.a"));
  }
  EXPECT_EQ(status("d/x").st_nlink, 4U);
  EXPECT_EQ(status("d/x").st_uid, 5U);
  EXPECT_EQ(status("d/x").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(status("d").st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(std::filesystem::read_symlink(path("link")), "d/x");
}

TEST_F(Settle, LinksToALowerFileThatItWhitesOutOrReplaces) {
  add(file("x", "low") + file("y", "low"));
  add(hard_link("a", "x") + hard_link("b", "x") + file(".wh.x") + hard_link("c", "y") + file("y", "new"));
  EXPECT_TRUE(is_absent("x"));
  EXPECT_EQ(text("a"), "low");
  EXPECT_EQ(status("a").st_ino, status("b").st_ino);
  EXPECT_EQ(text("c"), "low");
  EXPECT_EQ(text("y"), "new");
}

TEST_F(Settle, LinksToALowerSparseFile) {
  add(pax(pax_record("GNU.sparse.size", "3000000") + pax_record("GNU.sparse.map", "1000000,3") +
          pax_record("GNU.sparse.name", "big")) +
      tar({.name = "x", .content = "abc"}));
  add(hard_link("copy", "big"));
  EXPECT_EQ(status("copy").st_size, 3'000'000);
  EXPECT_LT(status("copy").st_blocks, 100);
  EXPECT_EQ(text("copy").substr(1'000'000, 3), "abc");
  EXPECT_EQ(text("copy"), text("big"));
}

TEST_F(Settle, C14LinksToWhatComesLater) {
  add(hard_link("b", "a") + file("a", "later"));
  EXPECT_EQ(text("b"), "later");
  EXPECT_EQ(status("a").st_ino, status("b").st_ino);
}

TEST_F(Settle, A15C15C16RefusesLinksToNowhereAndToDirectories) {
  add(directory("d") + file("gone"));
  add(file(".wh.gone"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { add(hard_link("b", dir_ / "canary")); }), HasSubstr("'b'"));
  for (const auto* const target : {"nowhere", "b", "gone", "nowhere/x"}) {
    clear();
    add(directory("d") + file("gone"));
    add(file(".wh.gone"));
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { add(hard_link("b", target)); }), HasSubstr("not there")) << target;
  }
  clear();
  add(directory("d"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { add(hard_link("b", "d")); }), HasSubstr("a directory"));
}

TEST_F(Settle, LinksThatMovedLeadToWhatMoved) {
  add(directory("usr/lib") + file("usr/lib/x", "old") + symlink("lib", "usr/lib"));
  add(file("lib/x", "new") + hard_link("lib/y", "usr/lib/x") + hard_link("z", "lib/x"));
  EXPECT_EQ(text("usr/lib/x"), "new");
  EXPECT_EQ(text("usr/lib/y"), "new");
  EXPECT_EQ(text("z"), "new");
}

TEST_F(Settle, SpendsWhatItCopies) {
  add(file("big", std::string(1 << 20, 'b')));
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { add(hard_link("copy", "big"), {100'000, 100}); }),
              HasSubstr("ImportMaxBytes="));
}

// Each step down a way costs that step alone.
TEST_F(Settle, G22LinksToADeepFileInLittleTime) {
  std::string path;
  for (int i = 0; i < 1400; ++i) path += "d/";
  add(pax(pax_record("path", path + "file")) + tar({.name = "x"}));
  add(file("other"));
  std::string links;
  for (int i = 0; i < 8; ++i) links += pax(pax_record("linkpath", path + "file")) + hard_link(std::to_string(i), "x");
  const auto before = std::clock();
  add(links);
  EXPECT_LT(std::clock() - before, 4 * CLOCKS_PER_SEC);
  EXPECT_EQ(status("7").st_nlink, 9U);
}

// The directories above each file are made for its copy.
TEST_F(Settle, G22BoundsWhatItHasToRemember) {
  std::string below, links;
  for (int i = 0; i < 16; ++i) below += "/" + std::string(240, 'd');
  for (const std::string layer : {"a", "b"}) {
    std::string files;
    for (int i = 0; i < 500; ++i) {
      const auto top = layer + std::to_string(i);
      files += pax(pax_record("path", top + below + "/f")) + tar({.name = "x"});
      links += pax(pax_record("linkpath", top + below + "/f")) + hard_link("to-" + top, "x");
    }
    add(files);
  }
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { add(links); }), HasSubstr("more than 64 MiB of memory"));
}

TEST_F(Settle, D14HidesALowerFilesAttributes) {
  add(pax(pax_record("SCHILY.xattr.user.a", "v")) + file("f"));
  add(file("f", "new"));
  EXPECT_FALSE(has_attribute("f", "user.a"));
}

TEST_F(Settle, G22TakesADeepTree) {
  std::string name, all;
  for (int i = 0; i < 1499; ++i) name += "d/";
  const auto deep = pax(pax_record("path", name + "file")) + tar({.name = "x"});
  add(deep);
  add(deep);
  const auto found = stack().stat("/" + name + "file");
  ASSERT_TRUE(found);
  EXPECT_TRUE(S_ISREG(found->st_mode));
}

TEST_F(Settle, J28StacksHundreds) {
  for (int i = 0; i < 300; ++i) add(file("etc/" + std::to_string(i % 10), std::to_string(i)));
  EXPECT_EQ(names("etc").size(), 10U);
  EXPECT_EQ(text("etc/7"), "297");
}

}  // namespace

}  // namespace sdme::test
