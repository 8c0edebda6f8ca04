// SPDX-License-Identifier: MIT
#include "archive/extract.hpp"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "archive/unpacking.hpp"

namespace sdme::test {

namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Extract : public Unpacking {};

std::string long_name(std::size_t components, const std::string& component) {
  std::string name;
  for (std::size_t i = 0; i < components; ++i) name += component + "/";
  return name;
}

std::string named(const std::string& name, const TarEntry& entry) { return pax(pax_record("path", name)) + tar(entry); }

TEST_F(Extract, UnpacksEveryKind) {
  const auto found =
      unpack(directory("./", 0711) + directory("etc/", 01777) + file("etc/name", "guest") +
             tar({.name = "etc/run", .content = "#!", .mode = 06755, .uid = 1000}) + symlink("etc/link", "../nowhere") +
             hard_link("same", "etc/name") + tar({.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3}) +
             tar({.name = "disk", .type = '4', .mode = 0660, .uid = 6, .major = 8, .minor = 300}) +
             tar({.name = "fifo", .type = '6', .mode = 0600}) + kEndMark);
  EXPECT_EQ(found.entries, 9U);
  EXPECT_EQ(found.size, 7U);
  EXPECT_EQ(status("").st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(status("etc").st_mode, S_IFDIR | 01777U);
  EXPECT_EQ(text("etc/name"), "guest");
  EXPECT_EQ(status("etc/run").st_mode, S_IFREG | 06755U);
  EXPECT_EQ(status("etc/run").st_uid, 1000U);
  EXPECT_EQ(status("etc/run").st_gid, 1000U);
  EXPECT_EQ(std::filesystem::read_symlink(path("etc/link")), "../nowhere");
  EXPECT_EQ(status("same").st_ino, status("etc/name").st_ino);
  EXPECT_EQ(status("null").st_rdev, makedev(1, 3));
  EXPECT_EQ(status("null").st_mode, S_IFCHR | 0666U);
  EXPECT_EQ(status("disk").st_rdev, makedev(8, 300));
  EXPECT_TRUE(is("fifo", S_IFIFO));
  for (const auto* const name : {"", "etc", "etc/link", "null", "fifo"}) {
    EXPECT_EQ(status(name).st_mtim.tv_sec, 1'000'000'000) << name;
  }
}

TEST_F(Extract, MakesWhatIsOnlyImplied) {
  unpack(file("a/b/c") + kEndMark);
  EXPECT_EQ(status("").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status("a/b").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status("a/b").st_uid, 0U);
}

TEST_F(Extract, TakesDigestOverTheWholeStream) {
  const auto stream = file("a") + kEndMark;
  const auto digest = unpack(stream).digest;
  EXPECT_EQ(digest.size(), 64U);
  EXPECT_EQ(unpack(compressed(stream, Compression::kXz)).digest, digest);
  EXPECT_NE(unpack(stream + std::string(10240, '\0')).digest, digest);
  EXPECT_NE(unpack(stream + "what nobody reads").digest, digest);
}

TEST_F(Extract, TakesAnArchiveOfNothing) {
  EXPECT_EQ(unpack(kEndMark).entries, 0U);
  EXPECT_EQ(unpack(compressed(kEndMark, Compression::kGzip)).entries, 0U);
}

TEST_F(Extract, RefusesWhatIsNoTar) {
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal(compressed("", Compression::kGzip)), HasSubstr("is empty"));
  for (const auto& stream :
       {std::string("hello"), std::string(5000, 'x'), std::string("PK\3\4") + std::string(2000, 'z')}) {
    EXPECT_THAT(refusal(stream, Errc::kUnsupportedFormat), HasSubstr("not a tar archive"));
    EXPECT_THAT(refusal(compressed(stream, Compression::kZstd), Errc::kUnsupportedFormat),
                HasSubstr("not a tar archive"));
  }
  const auto twice = compressed(compressed(file("a") + kEndMark, Compression::kGzip), Compression::kGzip);
  EXPECT_THAT(refusal(twice, Errc::kUnsupportedFormat), HasSubstr("not a tar archive"));
}

TEST_F(Extract, RefusesEveryCutBeforeTheEndMark) {
  const auto entries =
      directory("d") + pax(pax_record("mtime", "1.5")) + file("d/zeros", std::string(1024, '\0')) + file("e");
  unpack(entries + kEndMark);
  EXPECT_EQ(status("d/zeros").st_mtim.tv_nsec, 500'000'000);
  unpack(entries + kEndMark.substr(512));
  for (std::size_t length = 512; length < entries.size() + 512; length += 128) {
    EXPECT_THAT(refusal((entries + kEndMark).substr(0, length)), HasSubstr("truncated")) << length;
  }
}

// Blocks between the threads are of 256 KiB: an end mark that begins with one, ends with one, or lies across two.
TEST_F(Extract, SeesTheEndMarkWhereverItLies) {
  for (const std::size_t size : {255, 254, 253}) {
    const auto entries = file("a", std::string(size * 1024, 'a')) + file("b", "");
    for (const auto& start : {entries, file("c", "") + entries}) {
      EXPECT_EQ(unpack(start + kEndMark).size, size * 1024);
      EXPECT_EQ(unpack(start + kEndMark.substr(512)).size, size * 1024);
      EXPECT_EQ(unpack(start + kEndMark.substr(512) + "rest").size, size * 1024);
      EXPECT_THAT(refusal(start), HasSubstr("no end mark"));
    }
  }
}

TEST_F(Extract, RefusesDamagedHeaders) {
  auto header = file("b");
  header[0] = 'c';
  EXPECT_THAT(refusal(file("a") + header + kEndMark), HasSubstr("entry 'a'"));
  EXPECT_THAT(refusal(pax("99 path=x\n") + file("a") + kEndMark), HasSubstr("damaged"));
  EXPECT_THAT(refusal(pax("x path=x\n") + file("a") + kEndMark), HasSubstr("damaged"));
  EXPECT_THAT(refusal(pax(pax_record("path", "x")) + kEndMark), HasSubstr("damaged"));
  EXPECT_THAT(refusal(tar({.name = "a", .claimed_size = 077777777777}) + kEndMark), HasSubstr("truncated"));
}

TEST_F(Extract, RefusesNamesThatLeadOut) {
  unpack(file("./a/.//b/./c") + directory(".") + kEndMark);
  EXPECT_EQ(text("a/b/c"), "content");
  for (const auto* const name : {"../canary", "a/../../canary", "a/..", ".."}) {
    EXPECT_THAT(refusal(directory("a") + file(name) + kEndMark), HasSubstr("leads upwards")) << name;
  }
  EXPECT_THAT(refusal(file("/etc/abs") + kEndMark), HasSubstr("'/etc/abs', whose name is absolute"));
  EXPECT_THAT(refusal(file("") + kEndMark), HasSubstr("without a name"));
}

TEST_F(Extract, RefusesNamesThatAreTooLong) {
  const std::string most(255, 'n');
  unpack(named(most, {.name = "x"}) + kEndMark);
  EXPECT_TRUE(is(most, S_IFREG));
  EXPECT_THAT(refusal(named(most + "n", {.name = "x"}) + kEndMark), HasSubstr("too long"));
  unpack(named(long_name(15, most) + most, {.name = "x"}) + kEndMark);
  EXPECT_THAT(refusal(named(long_name(16, most) + "x", {.name = "x"}) + kEndMark), HasSubstr("too long"));
}

TEST_F(Extract, RefusesNamesWithAZeroByte) {
  const std::string zero("good\0evil", 9);
  const auto gnu = [](char type, const std::string& name) {
    return tar({.name = "././@", .type = type, .content = name});
  };
  // Behind a content that brings the headers to the border of two blocks between the threads, and across it.
  for (const std::size_t size :
       {0UL, 254UL * 1024, 254UL * 1024 + 512, 255UL * 1024, 255UL * 1024 + 512, 256UL * 1024}) {
    const auto before = file("before", std::string(size, 'b'));
    const auto attribute = pax_record("SCHILY.xattr.user.path", zero) + pax_record("comment", zero);
    unpack(before + pax(attribute + pax_record("path", "good")) + file("x") + gnu('L', "long" + std::string(3, '\0')) +
           file("x") + kEndMark);
    EXPECT_TRUE(is("good", S_IFREG));
    EXPECT_TRUE(is("long", S_IFREG));
    for (const auto& headers : {pax(attribute + pax_record("path", zero)), gnu('L', zero + '\0')}) {
      EXPECT_THAT(refusal(before + headers + file("x") + kEndMark), HasSubstr("zero byte")) << size;
    }
    for (const auto& headers : {pax(pax_record("linkpath", zero)), gnu('K', zero)}) {
      EXPECT_THAT(refusal(before + headers + symlink("x", "y") + kEndMark), HasSubstr("zero byte")) << size;
    }
  }
}

// The size of the extended header may be binary too.
TEST_F(Extract, SeesAZeroByteWhateverTheHeadersSay) {
  auto header = pax(pax_record("path", std::string("a\0b", 3)));
  auto sum = std::stoul(header.substr(148, 6), nullptr, 8);
  const auto size = std::stoul(header.substr(124, 11), nullptr, 8);
  for (std::size_t i = 124; i < 136; ++i) sum -= static_cast<unsigned char>(header[i]);
  header.replace(124, 12, std::string(1, '\x80') + std::string(10, '\0') + static_cast<char>(size));
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06lo", sum + 0x80 + size);
  header.replace(148, 7, digits, 7);
  EXPECT_THAT(refusal(header + file("x") + kEndMark), HasSubstr("zero byte"));
}

TEST_F(Extract, KeepsNamesAsBytes) {
  const std::string latin = "caf\xe9", decomposed = "cafe\xcc\x81";
  unpack(file(latin) + named(latin + "2", {.name = "x"}) + named(decomposed, {.name = "y"}) +
         pax(pax_record("linkpath", latin)) + symlink("link", "x") + kEndMark);
  EXPECT_TRUE(is(latin, S_IFREG));
  EXPECT_TRUE(is(latin + "2", S_IFREG));
  EXPECT_TRUE(is(decomposed, S_IFREG));
  EXPECT_EQ(std::filesystem::read_symlink(path("link")), latin);
}

TEST_F(Extract, WritesThroughNoLink) {
  for (const auto& target : {dir_.path(), std::string("."), std::string("..")}) {
    for (const auto& entry :
         {file("link/x"), directory("link/x"), symlink("link/x", "y"), tar({.name = "link/x", .type = '6'}),
          tar({.name = "link/x", .type = '3', .major = 1}), file("link/deeper/x"), hard_link("link/x", "a")}) {
      EXPECT_THAT(refusal(file("a") + symlink("link", target) + entry + kEndMark),
                  HasSubstr("through a symbolic link"));
    }
  }
  EXPECT_THAT(refusal(symlink("a", "b") + symlink("b", dir_.path()) + file("a/x") + kEndMark),
              HasSubstr("'a/x' that leads through a symbolic link"));
}

TEST_F(Extract, ReplacesALinkAndNotItsTarget) {
  const auto link = symlink("link", dir_ / "canary");
  unpack(link + file("link", "mine") + kEndMark);
  EXPECT_EQ(text("link"), "mine");
  unpack(symlink("link", dir_.path()) + directory("link") + file("link/x") + kEndMark);
  EXPECT_EQ(text("link/x"), "content");
  unpack(directory("d") + symlink("d", dir_.path()) + directory("d") + file("d/x") + kEndMark);
  EXPECT_TRUE(is("d", S_IFDIR));
  // A parent that was opened before it became a link.
  EXPECT_THAT(refusal(file("d/x") + symlink("d", dir_.path()) + file("d/y") + kEndMark), HasSubstr("symbolic link"));
}

TEST_F(Extract, LetsTheLaterEntryWin) {
  unpack(file("x", "one") + file("x", "two") + kEndMark);
  EXPECT_EQ(text("x"), "two");
  unpack(directory("x") + file("x/y/z") + file("x", "flat") + file("other") + kEndMark);
  EXPECT_EQ(text("x"), "flat");
  unpack(file("x") + directory("x", 0700) + file("x/y") + kEndMark);
  EXPECT_EQ(text("x/y"), "content");
  EXPECT_EQ(status("x").st_mode, S_IFDIR | 0700U);
  unpack(directory("x", 0700) + file("x/y") + directory("x", 0750) + kEndMark);
  EXPECT_EQ(text("x/y"), "content");
  EXPECT_EQ(status("x").st_mode, S_IFDIR | 0750U);
  unpack(directory("x") + directory("x/in") + directory("x-y", 0711) + directory("x0", 0711) + file("x") + kEndMark);
  EXPECT_EQ(status("x-y").st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(status("x0").st_mode, S_IFDIR | 0711U);
}

TEST_F(Extract, ReplacesOneNameOfALinkedPair) {
  unpack(file("a", "old") + hard_link("b", "a") + file("a", "new") + kEndMark);
  EXPECT_EQ(text("a"), "new");
  EXPECT_EQ(text("b"), "old");
}

TEST_F(Extract, RefusesWhatLiesBelowAFile) {
  unpack(directory("a") + file("a/b") + kEndMark);
  EXPECT_THAT(refusal(file("a") + file("a/b") + kEndMark), HasSubstr("'a/b' below something that is not a directory"));
}

TEST_F(Extract, LinksOnlyInsideTheTree) {
  unpack(file("./a") + hard_link("b", "./a") + hard_link("d/c", "a") + kEndMark);
  EXPECT_EQ(status("a").st_nlink, 3U);
  EXPECT_THAT(refusal(hard_link("b", dir_ / "canary") + kEndMark), HasSubstr("absolute"));
  EXPECT_THAT(refusal(hard_link("b", "../canary") + kEndMark), HasSubstr("leads upwards"));
  EXPECT_THAT(refusal(pax(pax_record("linkpath", "../canary")) + hard_link("b", "x") + kEndMark), HasSubstr("upwards"));
  EXPECT_THAT(refusal(symlink("l", dir_.path()) + hard_link("b", "l/canary") + kEndMark), HasSubstr("symbolic link"));
  EXPECT_THAT(refusal(hard_link("b", "a") + file("a") + kEndMark),
              HasSubstr("'b' that is a hard link to 'a', which is not there"));
  EXPECT_THAT(refusal(file("a") + hard_link("b", "a/x") + kEndMark), HasSubstr("not there"));
  EXPECT_THAT(refusal(directory("a") + hard_link("b", "a") + kEndMark), HasSubstr("is a directory"));
  EXPECT_THAT(refusal(hard_link("b", ".") + kEndMark), HasSubstr("root of the tree"));
}

TEST_F(Extract, LinksTheLinkItself) {
  unpack(symlink("a", dir_ / "canary") + hard_link("b", "a") + kEndMark);
  EXPECT_TRUE(is("b", S_IFLNK));
  EXPECT_EQ(status("b").st_nlink, 2U);
}

TEST_F(Extract, LinksOverWhatIsThere) {
  unpack(file("a", "one") + file("b", "two") + hard_link("b", "a") + kEndMark);
  EXPECT_EQ(text("b"), "one");
  unpack(file("a", "one") + hard_link("a", "a") + hard_link("b", "a") + hard_link("a", "b") + kEndMark);
  EXPECT_EQ(text("a"), "one");
  EXPECT_THAT(refusal(file("d/a") + hard_link("d", "d/a") + kEndMark), HasSubstr("replaces what it needs"));
}

TEST_F(Extract, KeepsInStepBehindALinkWithContent) {
  unpack(pax("") + file("a", "one") + pax(pax_record("mtime", "1")) +
         tar({.name = "b", .type = '1', .content = "one", .link = "a"}) + file("c") + kEndMark);
  EXPECT_EQ(text("b"), "one");
  EXPECT_EQ(text("c"), "content");
}

TEST_F(Extract, RefusesARootThatIsNoDirectory) {
  for (const auto& root : {symlink("./", dir_.path()), symlink(".", "x"), tar({.name = "."})}) {
    EXPECT_THAT(refusal(root + kEndMark), HasSubstr("root of the tree"));
  }
}

TEST_F(Extract, RefusesWhiteouts) {
  EXPECT_THAT(refusal(tar({.name = "gone", .type = '3'}) + kEndMark),
              HasSubstr("'gone' that is the character device 0:0"));
  unpack(tar({.name = "block", .type = '4'}) + tar({.name = "zero", .type = '3', .major = 0, .minor = 1}) + kEndMark);
  EXPECT_TRUE(is("block", S_IFBLK));
}

TEST_F(Extract, RefusesKindsItDoesNotKnow) {
  EXPECT_THAT(refusal(tar({.name = "rest", .type = 'M', .content = "half"}) + kEndMark),
              HasSubstr("'rest' of an unknown kind"));
  unpack(tar({.name = "regular", .type = '7', .content = "contiguous"}) + kEndMark);
  EXPECT_EQ(text("regular"), "contiguous");
}

TEST_F(Extract, RefusesImpossibleOwners) {
  const auto owned = [](const std::string& uid) { return pax(pax_record("uid", uid)) + file("a") + kEndMark; };
  unpack(owned("4294967294"));
  EXPECT_EQ(status("a").st_uid, 4294967294U);
  EXPECT_THAT(refusal(owned("4294967295")), HasSubstr("impossible owner"));
  EXPECT_THAT(refusal(owned("4294967296")), HasSubstr("impossible owner"));
  EXPECT_THAT(refusal(owned("-1")), AnyOf(HasSubstr("impossible owner"), HasSubstr("damaged")));
}

TEST_F(Extract, DropsAttributesThatSpeakToTheHost) {
  const auto attribute = [](const std::string& name) { return pax_record("SCHILY.xattr." + name, "v"); };
  const auto all = attribute("user.kept") + attribute("user.overlay.opaque") + attribute("trusted.overlay.whiteout") +
                   attribute("security.selinux") + attribute("user.overlayish");
  unpack(pax(all) + file("f") + pax(all) + directory("d") + kEndMark);
  for (const auto* const name : {"f", "d"}) {
    char names[256] = {};
    const auto size = listxattr(path(name).c_str(), names, sizeof names);
    const std::string_view listed(names, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    EXPECT_NE(listed.find("user.kept"), listed.npos);
    EXPECT_NE(listed.find("user.overlayish"), listed.npos);
    EXPECT_EQ(listed.find("overlay."), listed.npos);
    EXPECT_EQ(listed.find("selinux"), listed.npos);
  }
}

TEST_F(Extract, SetsAccessControlLists) {
  const auto listed = [](const std::string& acl) {
    return pax(pax_record("SCHILY.acl.access", acl)) + file("f") + kEndMark;
  };
  unpack(listed("user::rw-,user:1234:r--,group::r--,mask::r--,other::---"));
  EXPECT_EQ(attribute("f", "system.posix_acl_access").size(), 4U + 5 * 8);
  EXPECT_THAT(refusal(listed("user::rw-,user:1234:r--,group::r--,other::---")), HasSubstr("impossible"));
}

TEST_F(Extract, AsksNobodyButTheTreeForNames) {
  unpack(pax(pax_record("uname", "daemon")) + tar({.name = "f", .uid = 77}) + kEndMark);
  EXPECT_EQ(status("f").st_uid, 77U);

  const auto acl = [](const std::string& user, const std::string& group) {
    return "user::rw-,user:" + user + ":r--,group::r--,group:" + group + ":r--,mask::r--,other::---";
  };
  const auto listed = [&](const std::string& user, const std::string& group) {
    return pax(pax_record("SCHILY.acl.access", acl(user, group)));
  };
  const auto directory_listed = pax(pax_record("SCHILY.acl.default", acl("daemon", "staff"))) + directory("d");
  // What this host calls daemon is 1, and it may be known only at the end.
  const auto known = file("etc/passwd", "root:x:0:0::/:\nodd\ndaemon:x:4321:1::/:\ndaemon:x:1:1::/:\n") +
                     file("etc/group", "staff:x:50:\n");
  unpack(listed("4321", "50") + file("numbers") + listed("daemon", "staff") + file("names") + directory_listed + known +
         kEndMark);
  EXPECT_EQ(attribute("names", "system.posix_acl_access"), attribute("numbers", "system.posix_acl_access"));
  EXPECT_EQ(attribute("d", "system.posix_acl_default"), attribute("numbers", "system.posix_acl_access"));
  unpack(listed("daemon", "nobody") + file("gone") + symlink("gone", "etc") + known + kEndMark);
  EXPECT_TRUE(is("gone", S_IFLNK));

  EXPECT_THAT(refusal(listed("daemon", "nobody") + file("f") + known + kEndMark),
              HasSubstr("'f' with an access control list for 'nobody', which is not in its etc/group"));
  EXPECT_THAT(refusal(listed("daemon", "staff") + file("f") + kEndMark), HasSubstr("not in its etc/passwd"));
  EXPECT_THAT(refusal(listed("daemon", "staff") + file("f") + directory("etc") + symlink("etc/passwd", "/etc/passwd") +
                      kEndMark),
              HasSubstr("not in its etc/passwd"));
}

TEST_F(Extract, CountsBytes) {
  const auto stream = file("a", std::string(2048, 'a')) + kEndMark;
  unpack(stream, {stream.size(), 10});
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(stream, {stream.size() - 1, 10}); }),
              HasSubstr("ImportMaxBytes="));
  const auto bomb = compressed(std::string(16 << 20, '\0'), Compression::kGzip);
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(bomb, {1 << 20, 10}); }), HasSubstr("1048576"));
}

TEST_F(Extract, CountsEntries) {
  const auto stream = file("a") + file("b") + kEndMark;
  unpack(stream, {1 << 20, 2});
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(stream, {1 << 20, 1}); }), HasSubstr("ImportMaxEntries="));
  const auto implied = file("1/2/3/4/5/file") + kEndMark;
  unpack(implied, {1 << 20, 5});
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(implied, {1 << 20, 4}); }), HasSubstr("more than 4 entries"));
}

TEST_F(Extract, TakesManyEntries) {
  std::string stream;
  for (int i = 0; i < 100'000; ++i) stream += tar({.name = std::to_string(i % 100) + "/" + std::to_string(i)});
  EXPECT_EQ(unpack(stream + kEndMark).entries, 100'000U);
  EXPECT_TRUE(is("99/99999", S_IFREG));
}

TEST_F(Extract, TakesADeepTree) {
  const auto deep = long_name(1500, "d");
  unpack(named(deep + "file", {.name = "x"}) + kEndMark);
  EXPECT_TRUE(is(deep + "file", S_IFREG));
  std::string stepwise, name;
  for (int i = 0; i < 1000; ++i) stepwise += named(name += "d/", {.name = "x", .type = '5', .mode = 0700});
  unpack(stepwise + kEndMark);
  EXPECT_EQ(status(name).st_mode, S_IFDIR | 0700U);
}

}  // namespace

}  // namespace sdme::test
