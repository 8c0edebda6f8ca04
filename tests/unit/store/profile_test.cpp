// SPDX-License-Identifier: MIT
#include "store/profile.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {

using test::error_of;
using test::put;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Profile of(const std::string& lines) { return parse_profile("mine", "[Profile]\n" + lines); }

TEST(ParseProfile, NothingIsNeeded) {
  const auto profile = parse_profile("mine", "# nothing\n");
  EXPECT_EQ(profile.security, (model::Security{.profile = "mine"}));
  EXPECT_FALSE(profile.private_network.has_value());
  EXPECT_FALSE(profile.userns.has_value());
}

TEST(ParseProfile, ReadsEverySetting) {
  const auto profile = of(R"(Description=For the shop
PrivateNetwork=yes
UserNamespace=no
NoNewPrivileges=yes
ReadOnly=yes
Capabilities=net_admin CAP_SYSLOG
DropCapabilities=CAP_NET_RAW   sys_boot
DropCapabilities=cap_sys_ptrace
SystemCallFilter=~@debug keyctl
SystemCallFilter=~kcmp
AppArmorProfile=-sdme-default
)");
  EXPECT_EQ(profile.description, "For the shop");
  EXPECT_EQ(profile.private_network, true);
  EXPECT_EQ(profile.userns, false);
  EXPECT_TRUE(profile.security.no_new_privileges);
  EXPECT_TRUE(profile.security.read_only);
  EXPECT_THAT(profile.security.capabilities, ElementsAre("CAP_NET_ADMIN", "CAP_SYSLOG"));
  EXPECT_THAT(profile.security.drop_capabilities, ElementsAre("CAP_NET_RAW", "CAP_SYS_BOOT", "CAP_SYS_PTRACE"));
  EXPECT_THAT(profile.security.system_call_filter, ElementsAre("~@debug", "keyctl", "~kcmp"));
  EXPECT_EQ(profile.security.apparmor_profile, "-sdme-default");
}

// A profile that is half read would protect less than it says.
TEST(ParseProfile, OneWrongWordIsTheWholeFiles) {
  for (const auto* line :
       {"NoNewPrivileges=true", "NoNewPrivileges=", "PrivateNetwork=maybe", "DropCapabilities=CAP_NOSUCH",
        "DropCapabilities=CAP_NET_RAW,CAP_BPF", "DropCapabilities=all", "SystemCallFilter=~@nosuch",
        "SystemCallFilter=~~bpf", "SystemCallFilter=~@debug,~@mount", "AppArmorProfile=a b", "AppArmorProfile=-",
        "NoNewPrivilege=yes", "nonewprivileges=yes", "not a line", "[Profile", "[Other]\nNoNewPrivileges=yes",
        "Capabilities=CAP_BPF\nDropCapabilities=CAP_BPF", "SystemCallFilter=bpf ~bpf"}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { of(line); }), HasSubstr("security profile 'mine'")) << line;
  }
  error_of(Errc::kCorrupt, [&] { parse_profile("mine", "NoNewPrivileges=yes\n"); });
  error_of(Errc::kCorrupt, [&] { parse_profile("mine", std::string("[Profile]\nNoNew\0Privileges=yes\n", 34)); });
  error_of(Errc::kCorrupt, [&] { of("DropCapabilities=" + std::string(100'000, 'x')); });
}

TEST(ParseProfile, SaysWhatIsWrongInOneSafeLine) {
  const auto message = error_of(Errc::kCorrupt, [&] { of("DropCapabilities=\x1b[31m"); });
  EXPECT_THAT(message, AllOf(HasSubstr("DropCapabilities"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(of("Description=\x1b[31mred").description, Not(HasSubstr("\x1b")));
}

class FindProfile : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only files of root are read, and this user cannot make one";
  }
  Profile find(const std::string& name) const { return find_profile(name, {temp_ / "usr", temp_ / "etc"}); }
  void vendor(const std::string& name, const std::string& lines) const {
    put(temp_ / "usr/" + name, "[Profile]\n" + lines);
  }
  void own(const std::string& name, const std::string& lines) const {
    put(temp_ / "etc/" + name, "[Profile]\n" + lines);
  }

  test::TempDir temp_;
};

TEST_F(FindProfile, AdministratorReplacesAVendorsFile) {
  vendor("a.conf", "Description=vendor's\nNoNewPrivileges=yes");
  EXPECT_TRUE(find("a").security.no_new_privileges);
  own("a.conf", "Description=own");
  EXPECT_EQ(find("a").description, "own");
  EXPECT_FALSE(find("a").security.no_new_privileges);
  EXPECT_EQ(find("a").security.profile, "a");
}

TEST_F(FindProfile, ALinkToNothingTakesAVendorsAway) {
  vendor("a.conf", "ReadOnly=yes");
  vendor("b.conf", "ReadOnly=yes");
  std::filesystem::create_directories(temp_ / "etc");
  ASSERT_EQ(symlink("/dev/null", (temp_ / "etc/a.conf").c_str()), 0);
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { find("a"); }), HasSubstr("there are b"));
}

TEST_F(FindProfile, OnlyANameOfAFileIsAName) {
  vendor("a.conf", "ReadOnly=yes");
  put(temp_ / "other/b.conf", "[Profile]\n");
  for (const auto* name : {"", "a.conf", "../other/b", "./a", "A", "a\n", "b"})
    error_of(Errc::kNotFound, [&] { find(name); });
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { find("b"); }), AllOf(HasSubstr("'b'"), HasSubstr("there are a")));
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { find_profile("b", {temp_ / "nowhere"}); }), Not(HasSubstr("there are ")));
}

TEST_F(FindProfile, WhatOthersCanWriteIsNotRead) {
  vendor("a.conf", "ReadOnly=yes");
  vendor("b.conf", "ReadOnly=yes");
  ASSERT_EQ(chmod((temp_ / "usr/a.conf").c_str(), 0666), 0);
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { find("a"); }), HasSubstr("'a': others than root may write to it"));
  EXPECT_TRUE(find("b").security.read_only);  // one that is wrong does not stand in the way of another
  ASSERT_EQ(chown((temp_ / "usr/b.conf").c_str(), 1000, 0), 0);
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { find("b"); }), HasSubstr("not owned by root"));
}

TEST_F(FindProfile, ADirectoryThatCannotBeReadMayHaveAStricterOne) {
  vendor("a.conf", "");
  put(temp_ / "etc", "a file");
  error_of(Errc::kCorrupt, [&] { find("a"); });
}

// What the package has.
Profile shipped(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(PROFILES "/" + name + ".conf").rdbuf();
  return parse_profile(name, text.str());
}

TEST(ShippedProfiles, SayWhatTheyAreFor) {
  for (const auto* name : {"hardened", "strict", "nesting"}) {
    const auto profile = shipped(name);
    EXPECT_FALSE(profile.description.empty());
    EXPECT_EQ(profile.userns, true);
    EXPECT_EQ(profile.private_network, true);
    EXPECT_EQ(profile.security.no_new_privileges, std::string("nesting") != name);
    EXPECT_THAT(profile.security.capabilities, IsEmpty());
  }
  const auto hardened = shipped("hardened").security;
  const auto strict = shipped("strict").security;
  for (const auto* capability : {"CAP_SYS_PTRACE", "CAP_NET_RAW", "CAP_SYS_RAWIO", "CAP_SYS_BOOT", "CAP_NET_ADMIN"}) {
    EXPECT_THAT(hardened.drop_capabilities, Contains(capability));
    EXPECT_THAT(strict.drop_capabilities, Contains(capability));
  }
  EXPECT_EQ(strict.drop_capabilities.size(), 27U);
  EXPECT_THAT(strict.system_call_filter, Contains("~@raw-io"));
}

}  // namespace sdme::store
