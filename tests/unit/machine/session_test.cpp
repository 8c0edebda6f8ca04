// SPDX-License-Identifier: MIT
#include "machine/session_unit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/environment.hpp"
#include "support/expect_error.hpp"

namespace sdme::machine {
namespace {

using guest::Spec;

const Spec kSpec = {.terminal = true, .directory = "/a b", .argv = {"sh", "", "$x %n \n\xff"}, .env = {"A=1", "B="}};

TEST(Spec, ComesBackAsItWas) {
  EXPECT_EQ(Spec::decode(kSpec.encode()), kSpec);
  EXPECT_EQ(Spec::decode(Spec{}.encode()), Spec{});
}

TEST(Spec, DamageIsNoticed) {
  const auto whole = kSpec.encode();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(Spec::decode(std::string_view(whole).substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(Spec::decode(whole + "x").has_value());
  EXPECT_FALSE(Spec::decode(std::string_view("pipes\0\0"
                                             "999999999\0x\0"
                                             "0\0",
                                             22))
                   .has_value());
  EXPECT_FALSE(Spec::decode(std::string_view("other\0\0"
                                             "0\0"
                                             "0\0",
                                             11))
                   .has_value());
}

TEST(NumberAfter, IsAWordAndAShortNumber) {
  EXPECT_EQ(guest::number_after(guest::kExited, "exited 0"), 0);
  EXPECT_EQ(guest::number_after(guest::kExited, "exited 255"), 255);
  for (const char* bad : {"exited ", "exited -1", "exited 1000", "exited 1 ", "exited1", "killed 1", ""}) {
    EXPECT_FALSE(guest::number_after(guest::kExited, bad).has_value()) << bad;
  }
}

json::Value request(const std::string& mode) {
  return {{"job", 7U},         {"name", "web"}, {"mode", mode}, {"user", ""}, {"argv", {"7368", "ff"}},
          {"env", {"413d31"}}, {"cwd", "2f"}};
}

TEST(SessionRequest, BytesAreDecoded) {
  const auto session = SessionRequest::from_json(request("exec"));
  EXPECT_EQ(session.user, "root");
  EXPECT_EQ(session.command, (Spec{.directory = "/", .argv = {"sh", "\xff"}, .env = {"A=1"}}));
}

TEST(SessionRequest, BadBytesAreRefused) {
  for (const char* bad : {"7", "zz", "7A", "00"}) {
    auto value = request("exec");
    value["cwd"] = bad;
    test::error_of(Errc::kInvalidArgument, [&] { SessionRequest::from_json(value); });
  }
  test::error_of(Errc::kInvalidArgument, [] { SessionRequest::from_json(request("other")); });
}

bool has(const systemd::TransientUnit& unit, const std::string& key) {
  return std::ranges::any_of(unit.properties, [&](const auto& property) { return property.first == key; });
}

TEST(SessionUnit, NothingOfTheCallersIsInIt) {
  const auto unit = session_unit(SessionRequest::from_json(request("exec")), 5, "");
  EXPECT_EQ(unit.name, "sdme-session-7.service");
  EXPECT_EQ(unit.argv.size(), 1U);
  EXPECT_FALSE(has(unit, "Environment"));
  EXPECT_FALSE(has(unit, "WorkingDirectory"));
  EXPECT_FALSE(has(unit, "PAMName"));
  EXPECT_TRUE(unit.fds.empty());  // systemd before 253 has no ExtraFileDescriptors=
}

TEST(SessionUnit, ShellIsALogin) {
  const auto unit = session_unit(SessionRequest::from_json(request("shell")), 5, "/dev/pts/3");
  EXPECT_TRUE(has(unit, "PAMName"));
  EXPECT_TRUE(has(unit, "TTYPath"));
}

TEST(Environment, CallersVariablesWinAndTheUnitsGo) {
  const char* inherited[] = {"PATH=/bin", "LANG=C", "INVOCATION_ID=1", "HOME=/h", nullptr};
  const auto list = guest::environment(const_cast<char* const*>(inherited), {"LANG=de", "EMPTY=", "=x", "novalue"});
  EXPECT_EQ(guest::value_of(list, "PATH"), "/bin");
  EXPECT_EQ(guest::value_of(list, "HOME"), "/h");
  EXPECT_EQ(guest::value_of(list, "LANG"), "de");
  EXPECT_THAT(list, testing::Contains("EMPTY="));
  EXPECT_THAT(list, testing::Not(testing::Contains(testing::HasSubstr("INVOCATION_ID"))));
}

}  // namespace
}  // namespace sdme::machine
