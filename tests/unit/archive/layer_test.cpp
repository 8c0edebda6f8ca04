// SPDX-License-Identifier: MIT
// One layer alone. The names are of the cases in which layers differ from tarballs, or that another
// reader of layers got wrong; what depends on lower layers is in layer/settle_test.cpp.
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <vector>

#include "archive/layer_names.hpp"
#include "archive/unpacking.hpp"

namespace sdme::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Layer : public Unpacking {
 protected:
  std::set<std::string> implied(std::string_view stream) { return unpack_layer(stream).unsettled.implied; }
};

std::string named(const std::string& name, const TarEntry& entry) { return pax(pax_record("path", name)) + tar(entry); }

TEST_F(Layer, A01A04RefusesNamesThatLeadUpwards) {
  for (const auto* const name : {"../canary", "a/../../canary", "/../canary", "a/../b", ".."}) {
    EXPECT_THAT(layer_refusal(file(name) + kEndMark), HasSubstr("leads upwards")) << name;
  }
}

TEST_F(Layer, A02TakesAbsoluteNamesAsOfTheTree) {
  unpack_layer(directory("/etc/") + file("//etc/abs") + directory("/", 0711) + kEndMark);
  EXPECT_EQ(text("etc/abs"), "content");
  EXPECT_EQ(status("").st_mode, S_IFDIR | 0711U);
}

TEST_F(Layer, A03TakesUncleanNames) {
  unpack_layer(file("./a/.//b") + kEndMark);
  EXPECT_EQ(text("a/b"), "content");
}

TEST_F(Layer, A05LeadsThroughAnAbsoluteLinkInsideTheTree) {
  unpack_layer(symlink("out", dir_.path()) + file("out/canary", "inside") + kEndMark);
  EXPECT_EQ(text(dir_.path().substr(1) + "/canary"), "inside");
}

TEST_F(Layer, A06LeadsThroughARelativeLinkInsideTheTree) {
  unpack_layer(symlink("out", "../../..") + file("out/canary", "inside") + kEndMark);
  EXPECT_EQ(text("canary"), "inside");
}

TEST_F(Layer, A08LeadsThroughChainsInsideTheTree) {
  unpack_layer(symlink("a", "b") + symlink("b", "c/") + symlink("c", dir_.path()) + file("a/canary", "in") + kEndMark);
  EXPECT_EQ(text(dir_.path().substr(1) + "/canary"), "in");
  EXPECT_THAT(layer_refusal(symlink("a", "b") + symlink("b", "a") + file("a/x") + kEndMark),
              HasSubstr("leads through a symbolic link"));
  EXPECT_THAT(layer_refusal(symlink("a", "a/a/a") + file("a/x") + kEndMark), HasSubstr("symbolic link"));
}

TEST_F(Layer, A10A11A12RefusesARootThatIsNoDirectory) {
  for (const auto& root : {symlink("./", dir_.path()), symlink(".", "x"), symlink("/", "x"), tar({.name = "."}),
                           hard_link(".", "x"), hard_link("x", "/")}) {
    EXPECT_THAT(layer_refusal(file("x") + root + kEndMark), HasSubstr("root of the tree"));
  }
}

TEST_F(Layer, A14KeepsTargetsOfLinks) {
  unpack_layer(symlink("a", "../../../x//y/.") + symlink("b", "/etc/../x") + kEndMark);
  EXPECT_EQ(std::filesystem::read_symlink(path("a")), "../../../x//y/.");
  EXPECT_EQ(std::filesystem::read_symlink(path("b")), "/etc/../x");
}

TEST_F(Layer, A15RefusesHardLinksUpwards) {
  EXPECT_THAT(layer_refusal(hard_link("b", "../canary") + kEndMark), HasSubstr("leads upwards"));
}

TEST_F(Layer, A16A17A24LeavesHardLinksThatItDoesNotFind) {
  const auto canary = dir_ / "canary";
  for (const auto& stream : {hard_link("b", canary), symlink("l", dir_.path()) + hard_link("b", "l/canary"),
                             pax(pax_record("linkpath", canary)) + hard_link("b", "x")}) {
    const auto found = unpack_layer(stream + kEndMark);
    ASSERT_EQ(found.unsettled.links.size(), 1U);
    EXPECT_EQ(found.unsettled.links[0].path, "b");
    EXPECT_TRUE(is_whiteout("b"));
  }
}

TEST_F(Layer, A18LinksTheLinkItself) {
  unpack_layer(symlink("a", "/nowhere") + hard_link("b", "a") + kEndMark);
  EXPECT_TRUE(is("b", S_IFLNK));
  EXPECT_EQ(status("a").st_nlink, 2U);
}

TEST_F(Layer, A22MakesNodesThroughLinksInsideTheTree) {
  unpack_layer(symlink("l", dir_.path()) + tar({.name = "l/fifo", .type = '6'}) + kEndMark);
  EXPECT_TRUE(is(dir_.path().substr(1) + "/fifo", S_IFIFO));
}

TEST_F(Layer, A26FollowsNoLinkThatReplacedADirectory) {
  unpack_layer(directory("d") + file("d/x", "one") + symlink("d", dir_.path()) + file("d/canary", "in") + kEndMark);
  EXPECT_EQ(text(dir_.path().substr(1) + "/canary"), "in");
  unpack_layer(directory("d") + file(".wh.d") + symlink("d", dir_.path()) + file("d/canary", "in") + kEndMark);
  EXPECT_TRUE(is("d", S_IFLNK));
}

TEST_F(Layer, B03B04B05WhitesOut) {
  const auto found = unpack_layer(file(".wh.gone") + file("no/where/.wh.x") + kEndMark);
  EXPECT_TRUE(is_whiteout("gone"));
  EXPECT_TRUE(is_whiteout("no/where/x"));
  EXPECT_THAT(found.unsettled.implied, ElementsAre("", "no", "no/where"));
  EXPECT_THAT(found.unsettled.whiteouts_in, ElementsAre("", "no/where"));
  EXPECT_EQ(found.entries, 2U);
}

TEST_F(Layer, B06B22KeepsWhatTheLayerItselfHas) {
  for (const auto& own : {file("x", "own"), symlink("x", "y"), tar({.name = "x", .type = '6'})}) {
    unpack_layer(own + file(".wh.x") + kEndMark);
    EXPECT_FALSE(is_whiteout("x"));
    unpack_layer(file(".wh.x") + own + kEndMark);
    EXPECT_FALSE(is_whiteout("x"));
  }
  const auto own = directory("x", 0700) + file("x/y", "own");
  for (const auto& stream : {own + file(".wh.x"), file(".wh.x") + own}) {
    unpack_layer(stream + kEndMark);
    EXPECT_EQ(text("x/y"), "own");
    EXPECT_EQ(status("x").st_mode, S_IFDIR | 0700U);
    EXPECT_TRUE(is_opaque("x"));
  }
}

TEST_F(Layer, B06WhitesOutWhatIsOnlyImplied) {
  for (const auto& stream : {file("x/y/z") + file(".wh.x"), file(".wh.x") + file("x/y/z")}) {
    EXPECT_THAT(implied(stream + kEndMark), testing::Not(testing::Contains("x")));
    EXPECT_TRUE(is_opaque("x"));
    EXPECT_EQ(text("x/y/z"), "content");
  }
}

TEST_F(Layer, B09B12B13IsOpaqueInAnyOrder) {
  const auto opaque = file("d/.wh..wh..opq");
  for (const auto& stream : {directory("d") + opaque + file("d/x"), directory("d") + file("d/x") + opaque,
                             opaque + directory("d") + file("d/x"), opaque + file("d/x")}) {
    unpack_layer(stream + kEndMark);
    EXPECT_TRUE(is_opaque("d"));
    EXPECT_EQ(text("d/x"), "content");
    EXPECT_TRUE(is_absent("d/.wh..wh..opq"));
  }
  EXPECT_THAT(implied(opaque + kEndMark), ElementsAre("", "d"));
}

TEST_F(Layer, B11IsOpaqueAtTheRoot) {
  EXPECT_TRUE(unpack_layer(file(".wh..wh..opq") + kEndMark).unsettled.opaque_root);
  EXPECT_TRUE(unpack_layer(symlink("l", "/") + file("l/.wh..wh..opq") + kEndMark).unsettled.opaque_root);
  EXPECT_FALSE(unpack_layer(file("d/.wh..wh..opq") + kEndMark).unsettled.opaque_root);
}

TEST_F(Layer, B15IsOpaqueBehindALinkInsideTheTree) {
  unpack_layer(symlink("l", dir_.path()) + file("l/.wh..wh..opq") + kEndMark);
  EXPECT_TRUE(is_opaque(dir_.path().substr(1)));
}

TEST_F(Layer, B20TakesWhiteoutsByNameWhateverTheyAre) {
  unpack_layer(directory(".wh.a") + file(".wh.a/inside") + file(".wh.b", "content") + symlink(".wh.c", "/") +
               hard_link(".wh.d", "x") + tar({.name = ".wh.e", .type = '3'}) + kEndMark);
  for (const auto* const name : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(is_whiteout(name)) << name;
  EXPECT_TRUE(is_absent(".wh.a"));
}

TEST_F(Layer, B21DropsWhatIsOfAufs) {
  unpack_layer(file(".wh..wh.aufs") + directory(".wh..wh.plnk") + file(".wh..wh.plnk/1.2") + directory(".wh..wh.orph") +
               kEndMark);
  EXPECT_TRUE(std::filesystem::is_empty(path("")));
}

TEST_F(Layer, RefusesWhiteoutsOfNothing) {
  for (const auto* const name : {".wh.", "d/.wh.", ".wh..", ".wh...", "d/.wh..."}) {
    EXPECT_THAT(layer_refusal(directory("d") + file(name) + kEndMark), HasSubstr("whiteout of nothing")) << name;
  }
}

TEST_F(Layer, KnowsNamesOfWhiteoutsAnywhere) {
  EXPECT_TRUE(archive::is_of_whiteouts(".wh.a"));
  EXPECT_TRUE(archive::is_of_whiteouts("a/.wh.b/c"));
  EXPECT_FALSE(archive::is_of_whiteouts("a.wh.b"));
  EXPECT_TRUE(unpack(file("d/.wh.x") + kEndMark).has_whiteout_names);
  EXPECT_TRUE(is("d/.wh.x", S_IFREG));
  EXPECT_FALSE(unpack(file("d/x.wh.") + kEndMark).has_whiteout_names);
  EXPECT_TRUE(unpack_layer(file("d/.wh..wh.aufs") + kEndMark).has_whiteout_names);
}

// A file hides what is below it, and so does the directory that takes its place in the layer.
TEST_F(Layer, C10HidesWhatItsFormerEntryHid) {
  unpack_layer(file("x") + directory("x", 0750) + file("x/y") + kEndMark);
  EXPECT_EQ(text("x/y"), "content");
  EXPECT_EQ(status("x").st_mode, S_IFDIR | 0750U);
  EXPECT_TRUE(is_opaque("x"));
  unpack_layer(directory("x") + directory("x") + kEndMark);
  EXPECT_FALSE(is_opaque("x"));
}

TEST_F(Layer, C05C06LeadsThroughLinksOfTheLayer) {
  const auto found = unpack_layer(directory("usr") + directory("usr/bin") + symlink("bin", "usr/bin") +
                                  file("bin/tool") + directory("run") + directory("var") + symlink("var/run", "/run") +
                                  file("var/run/lock/pid") + kEndMark);
  EXPECT_EQ(text("usr/bin/tool"), "content");
  EXPECT_EQ(text("run/lock/pid"), "content");
  EXPECT_TRUE(is("bin", S_IFLNK));
  EXPECT_THAT(found.unsettled.implied, ElementsAre("", "run/lock"));
}

TEST_F(Layer, C06MakesWhereADanglingLinkLeads) {
  EXPECT_THAT(implied(symlink("var/run", "/run/a/../b") + file("var/run/pid") + kEndMark),
              ElementsAre("", "run", "run/a", "run/b", "var"));
  EXPECT_EQ(text("run/b/pid"), "content");
}

TEST_F(Layer, C05ForgetsALinkThatIsReplacedThroughItself) {
  unpack_layer(symlink("l", ".") + file("l/a") + directory("l/l") + file("l/b") + kEndMark);
  EXPECT_EQ(text("a"), "content");
  EXPECT_EQ(text("l/b"), "content");
  EXPECT_TRUE(is_absent("b"));
}

TEST_F(Layer, C07RefusesWhatLiesBelowAFile) {
  EXPECT_THAT(layer_refusal(file("a") + file("a/b") + kEndMark), HasSubstr("'a/b' below something that is not"));
  EXPECT_THAT(layer_refusal(file("a") + file("a/.wh..wh..opq") + kEndMark), HasSubstr("not a directory"));
}

TEST_F(Layer, C13ReplacesOneNameOfALinkedPair) {
  unpack_layer(file("a", "old") + hard_link("b", "/a") + file("a", "new") + kEndMark);
  EXPECT_EQ(text("a"), "new");
  EXPECT_EQ(text("b"), "old");
}

TEST_F(Layer, C15RefusesALinkToADirectory) {
  EXPECT_THAT(layer_refusal(directory("a") + hard_link("b", "a") + kEndMark), HasSubstr("is a directory"));
}

TEST_F(Layer, C17KeepsInStepBehindALinkWithContent) {
  unpack_layer(pax("") + file("a", "one") + pax(pax_record("mtime", "1")) +
               tar({.name = "b", .type = '1', .content = "one", .link = "a"}) + file("c") + kEndMark);
  EXPECT_EQ(text("c"), "content");
}

TEST_F(Layer, C18LinksOverAFile) {
  unpack_layer(file("a", "one") + file("b", "two") + hard_link("b", "a") + kEndMark);
  EXPECT_EQ(text("b"), "one");
}

TEST_F(Layer, C19MakesDevicesButNoWhiteouts) {
  unpack_layer(tar({.name = "null", .type = '3', .major = 1, .minor = 3}) + tar({.name = "disk", .type = '4'}) +
               kEndMark);
  EXPECT_EQ(status("null").st_rdev, makedev(1, 3));
  EXPECT_THAT(layer_refusal(tar({.name = "x", .type = '3'}) + kEndMark), HasSubstr("character device 0:0"));
}

TEST_F(Layer, D07ListsADirectoryBeforeOrAfterWhatIsInIt) {
  const auto listed = tar({.name = "d", .type = '5', .mode = 0500, .uid = 7});
  for (const auto& stream : {listed + file("d/x") + directory("d/y"), file("d/x") + directory("d/y") + listed,
                             file("d/x") + listed + directory("d/y") + file("d/y/z") + file("d/z")}) {
    EXPECT_THAT(implied(stream + kEndMark), ElementsAre(""));
    EXPECT_EQ(status("d").st_mode, S_IFDIR | 0500U);
    EXPECT_EQ(status("d").st_uid, 7U);
    EXPECT_EQ(status("d").st_mtim.tv_sec, 1'000'000'000);
    EXPECT_EQ(status("d/y").st_mtim.tv_sec, 1'000'000'000);
  }
}

TEST_F(Layer, D15ListsADirectoryAgainWithoutWhatItHad) {
  unpack_layer(pax(pax_record("SCHILY.xattr.user.old", "v")) + directory("d", 02777) + file("d/.wh..wh..opq") +
               directory("d", 0700) + kEndMark);
  EXPECT_EQ(lgetxattr(path("d").c_str(), "user.old", nullptr, 0), -1);
  EXPECT_EQ(status("d").st_mode, S_IFDIR | 0700U);
  EXPECT_TRUE(is_opaque("d"));
}

TEST_F(Layer, D01D18InheritsNothingFromASetGroupDirectory) {
  const auto group = tar({.name = "g", .type = '5', .mode = 02777, .uid = 50});
  unpack_layer(group + directory("g/d", 0755) + file("g/f") + file("g/implied/f") + symlink("g/l", "x") +
               tar({.name = "g/set", .mode = 06755, .uid = 50}) + tar({.name = "g/odd", .mode = 0107777}) + kEndMark);
  for (const auto* const name : {"g/d", "g/f", "g/implied", "g/implied/f", "g/l"}) {
    EXPECT_EQ(status(name).st_gid, 0U) << name;
    EXPECT_EQ(status(name).st_mode & 07000U, 0U) << name;
  }
  EXPECT_EQ(status("g/set").st_mode, S_IFREG | 06755U);
  EXPECT_EQ(status("g/odd").st_mode, S_IFREG | 07777U);
}

TEST_F(Layer, D11D12KeepsAttributesAndNoLabels) {
  const std::string value("a\0b\nc=d", 7);
  unpack_layer(pax(pax_record("SCHILY.xattr.user.odd", value) + pax_record("SCHILY.xattr.security.selinux", "label") +
                   pax_record("SCHILY.xattr.user.overlay.redirect", "/etc")) +
               file("f") + kEndMark);
  EXPECT_EQ(attribute("f", "user.odd"), value);
  EXPECT_EQ(lgetxattr(path("f").c_str(), "user.overlay.redirect", nullptr, 0), -1);
}

TEST_F(Layer, E07E09E12RefusesOddNames) {
  EXPECT_THAT(layer_refusal(named(std::string(256, 'n'), {.name = "x"}) + kEndMark), HasSubstr("too long"));
  EXPECT_THAT(layer_refusal(named(std::string("a\0b", 3), {.name = "x"}) + kEndMark), HasSubstr("zero byte"));
  EXPECT_THAT(layer_refusal(pax("99 path=x\n") + file("a") + kEndMark), HasSubstr("damaged"));
}

TEST_F(Layer, E11IgnoresAGlobalHeader) {
  unpack_layer(tar({.name = "pax_global_header", .type = 'g', .content = pax_record("comment", "abc")}) + file("a") +
               kEndMark);
  EXPECT_EQ(text("a"), "content");
  EXPECT_TRUE(is_absent("pax_global_header"));
}

TEST_F(Layer, F03CountsHoles) {
  const auto sparse = pax(pax_record("GNU.sparse.size", "4398046511105") + pax_record("GNU.sparse.map", "0,1") +
                          pax_record("GNU.sparse.name", "big")) +
                      tar({.name = "x", .content = "1"});
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack_layer(sparse + kEndMark, {1 << 30, 10}); }),
              HasSubstr("ImportMaxBytes="));
}

TEST_F(Layer, G08CountsEveryByteIntoTheDigest) {
  const auto stream = file("a") + kEndMark;
  EXPECT_NE(unpack_layer(stream + std::string(10240, '\0')).digest, unpack_layer(stream).digest);
}

TEST_F(Layer, G10EndsWithItsLastContent) {
  const auto whole = directory("d") + file("d/x", "1234") + file("d/y", std::string(700, 'y'));
  for (const auto end : {whole.size(), whole.size() - (1024 - 700), whole.size() - 100}) {
    EXPECT_EQ(unpack_layer(whole.substr(0, end)).entries, 3U) << end;
    EXPECT_EQ(text("d/y"), std::string(700, 'y'));
  }
  EXPECT_EQ(unpack_layer(directory("d")).entries, 1U);
}

TEST_F(Layer, G11RefusesACutWithinContentOrHeader) {
  const auto whole = file("x", std::string(700, 'x'));
  for (const std::size_t end : {100, 300, 512, 513, 1023, 1024, 1211}) {
    EXPECT_THAT(layer_refusal(directory("d") + whole.substr(0, end)), HasSubstr("damaged or truncated")) << end;
  }
}

TEST_F(Layer, G16TakesNothingAtAll) {
  EXPECT_EQ(unpack_layer("").entries, 0U);
  EXPECT_EQ(unpack_layer("").digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(unpack_layer(compressed("", Compression::kGzip)).entries, 0U);
  EXPECT_EQ(unpack_layer(kEndMark).entries, 0U);
}

TEST_F(Layer, G17RefusesEntriesBehindASingleZeroRecord) {
  EXPECT_THAT(layer_refusal(file("a") + kEndMark.substr(512) + file("b") + kEndMark), HasSubstr("single record"));
  EXPECT_EQ(unpack_layer(file("a") + kEndMark.substr(512)).entries, 1U);
}

TEST_F(Layer, RefusesWhatIsNoTar) {
  EXPECT_THAT(layer_refusal(std::string(5000, 'x'), Errc::kUnsupportedFormat), HasSubstr("not a tar archive"));
}

TEST_F(Layer, G20CountsEntriesOfAllStreamsTogether) {
  archive::Budget budget({1 << 20, 3});
  const auto stream = os::sealed_memory(file("a") + file("b") + kEndMark, "stream");
  const auto above = os::Dir::open(dir_.path());
  const auto unpack_into = [&](const std::string& name) {
    archive::Decompressor source(archive::Input(os::duplicate(stream.get()), 0, 4 * 512 + 1024), budget);
    archive::extract(source, above.make_dir(name, 0755), archive::Meaning::kLayer, budget, [](std::uint64_t) {});
  };
  unpack_into("one");
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack_into("two"); }), HasSubstr("more than 3 entries"));
}

TEST_F(Layer, DefersALinkAndForgetsItWhenReplaced) {
  const auto found = unpack_layer(hard_link("d/b", "/lower/a") + hard_link("c", "d/b") + kEndMark).unsettled;
  ASSERT_EQ(found.links.size(), 2U);
  EXPECT_EQ(found.links[0].path, "d/b");
  EXPECT_EQ(found.links[0].target, "lower/a");
  EXPECT_EQ(found.links[1].target, "d/b");
  unpack_layer(hard_link("b", "a") + file("b", "own") + kEndMark);
  EXPECT_EQ(text("b"), "own");
}

TEST_F(Layer, BreaksOffFromAnotherThread) {
  int ends[2] = {};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const os::UniqueFd writing(ends[1]);
  os::write_all(writing.get(), file("a"), "pipe");
  archive::Budget budget({1 << 20, 10});
  archive::Decompressor source(archive::Input{os::UniqueFd(ends[0])}, budget);
  source.break_off();
  const auto tree = os::Dir::open(dir_.path()).make_dir("tree", 0755);
  error_of(Errc::kCancelled,
           [&] { archive::extract(source, tree, archive::Meaning::kLayer, budget, [](std::uint64_t) {}); });
}

}  // namespace

}  // namespace sdme::test
