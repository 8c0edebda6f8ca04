// SPDX-License-Identifier: MIT
#include "credentials.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "credential_helper.hpp"
#include "failure.hpp"
#include "support/temp_dir.hpp"

namespace sdme::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "alice:s3cret", "bob:hunter2"
constexpr const char* kAlice = "YWxpY2U6czNjcmV0";
constexpr const char* kBob = "Ym9iOmh1bnRlcjI=";

std::string auths(const std::string& entries) { return R"({"auths": {)" + entries + "}}"; }
std::string entry(const std::string& key, const std::string& auth) {
  return '"' + key + R"(": {"auth": ")" + auth + R"("})";
}

// A home directory of its own, and a PATH in which helpers of the test come first.
class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    set("HOME", home_.path());
    set("XDG_RUNTIME_DIR", home_ / "run");
    set("PATH", (home_ / "bin") + ":" + std::getenv("PATH"));
    for (const char* name : {"XDG_CONFIG_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE"}) set(name, "");
  }
  ~CredentialsTest() override { set("PATH", path_); }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  void helper(const std::string& name, const std::string& script) const {
    const auto path = home_ / ("bin/docker-credential-" + name);
    test::put(path, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  CredentialSearch search(const std::string& image, const std::string& authfile = "") {
    return find_credentials(loop_, parse_reference(image).value(), auth_places(authfile));
  }
  // "key user:password" or "key token", "" for nothing.
  std::string found(const std::string& image, const std::string& authfile = "") {
    const auto result = search(image, authfile);
    EXPECT_THAT(result.warnings, IsEmpty());
    if (!result.found) return "";
    const auto& [key, login] = *result.found;
    return key + " " + (login.identity_token.empty() ? login.username + ":" + login.password : login.identity_token);
  }

  const std::string path_ = std::getenv("PATH");
  test::TempDir home_;
  const std::string docker_ = home_ / ".docker/config.json";
  Loop loop_;
};

TEST_F(CredentialsTest, NothingAnywhere) {
  EXPECT_EQ(found("quay.io/x"), "");
  EXPECT_THAT(search("quay.io/x").looked_in, IsEmpty());
}

TEST_F(CredentialsTest, PlacesInTheirOrder) {
  const std::vector<std::string> places = {home_ / "run/containers/auth.json", home_ / ".config/containers/auth.json",
                                           docker_, home_ / ".dockercfg"};
  // The last first, so that each hides the one before.
  test::put(places[3], "{" + entry("quay.io", kBob) + "}");
  EXPECT_EQ(found("quay.io/x"), "quay.io bob:hunter2");
  for (int i = 2; i >= 0; --i) {
    const auto& place = places[static_cast<std::size_t>(i)];
    test::put(place, auths(entry("quay.io", kAlice)));
    EXPECT_EQ(found("quay.io/x"), "quay.io alice:s3cret");
    EXPECT_EQ(search("quay.io/x").where, place);
  }
}

TEST_F(CredentialsTest, VariablesMoveThem) {
  set("XDG_CONFIG_HOME", home_ / "c");
  set("DOCKER_CONFIG", home_ / "d");
  test::put(home_ / "d/config.json", auths(entry("quay.io", kAlice)));
  EXPECT_EQ(search("quay.io/x").where, home_ / "d/config.json");
  test::put(home_ / "c/containers/auth.json", auths(entry("quay.io", kAlice)));
  EXPECT_EQ(search("quay.io/x").where, home_ / "c/containers/auth.json");
  set("REGISTRY_AUTH_FILE", home_ / "named.json");
  test::put(home_ / "named.json", auths(entry("ghcr.io", kAlice)));
  EXPECT_EQ(found("quay.io/x"), "") << "the one that is named is the only one";
  set("XDG_RUNTIME_DIR", "");
  EXPECT_EQ(auth_places("")[0].path, home_ / "named.json");
  set("REGISTRY_AUTH_FILE", "");
  EXPECT_EQ(auth_places("")[0].path, "/run/containers/" + std::to_string(::geteuid()) + "/auth.json");
}

TEST_F(CredentialsTest, AFileThatWasChosenIsTheOnlyOne) {
  test::put(docker_, auths(entry("quay.io", kAlice)));
  test::put(home_ / "mine.json", auths(entry("quay.io", kBob)));
  set("REGISTRY_AUTH_FILE", docker_);
  EXPECT_EQ(found("quay.io/x", home_ / "mine.json"), "quay.io bob:hunter2");
  test::put(home_ / "mine.json", auths(""));
  EXPECT_EQ(found("quay.io/x", home_ / "mine.json"), "");
}

TEST_F(CredentialsTest, TheMostSpecificKey) {
  test::put(docker_,
            auths(entry("quay.io/a/b", kAlice) + "," + entry("quay.io", kBob) + "," + entry("localhost:5000", kBob)));
  EXPECT_EQ(found("quay.io/a/b:1"), "quay.io/a/b alice:s3cret");
  EXPECT_EQ(found("quay.io/a/b/c"), "quay.io/a/b alice:s3cret");
  EXPECT_EQ(found("quay.io/a/bc"), "quay.io bob:hunter2");
  EXPECT_EQ(found("quay.io/a"), "quay.io bob:hunter2");
  EXPECT_EQ(found("localhost:5000/x"), "localhost:5000 bob:hunter2");
  EXPECT_EQ(found("localhost:5001/x"), "");
  EXPECT_EQ(found("example.org/quay.io/x"), "");
}

TEST_F(CredentialsTest, DockerHubByAllItsNames) {
  for (const std::string key :
       {"docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"}) {
    test::put(docker_, auths(entry(key, kAlice)));
    for (const std::string image : {"debian", "a/b", "docker.io/library/debian:13", "index.docker.io/a/b"}) {
      EXPECT_EQ(found(image), "docker.io alice:s3cret") << key << " " << image;
    }
    EXPECT_EQ(found("quay.io/debian"), "") << key;
  }
}

TEST_F(CredentialsTest, HostsHaveNoCase) {
  test::put(docker_, auths(entry("Quay.IO/a", kAlice)));
  EXPECT_EQ(found("quay.io/a/b"), "quay.io/a alice:s3cret");
  EXPECT_EQ(found("QUAY.io/a/b"), "quay.io/a alice:s3cret");
}

TEST_F(CredentialsTest, AShortNameGetsThoseOfDockerHubAlone) {
  test::put(docker_, auths(entry("quay.io", kAlice) + "," + entry("ghcr.io/debian", kAlice)));
  EXPECT_EQ(found("debian"), "");
}

TEST_F(CredentialsTest, KeysThatAreUrls) {
  test::put(docker_, auths(entry("https://example.org/v2/", kAlice)));
  EXPECT_EQ(found("example.org/v3/x"), "example.org alice:s3cret");
  test::put(docker_, auths(entry("example.org/v2", kAlice)));
  EXPECT_EQ(found("example.org/v3/x"), "");
  std::filesystem::remove(docker_);
  test::put(home_ / ".dockercfg", "{" + entry("example.org/v2/", kAlice) + "}");
  EXPECT_EQ(found("example.org/v3/x"), "example.org alice:s3cret");
}

TEST_F(CredentialsTest, WhatAnEntryMayBe) {
  const auto with = [&](const std::string& json) {
    test::put(docker_, auths(R"("quay.io": )" + json));
    return found("quay.io/x");
  };
  EXPECT_EQ(with(R"({"identitytoken": "tok", "auth": "YWxpY2U6"})"), "quay.io tok");
  EXPECT_EQ(with(R"({"username": "alice", "password": "pw"})"), "quay.io alice:pw");
  EXPECT_EQ(with(R"({"auth": "YWxpY2U6YTpiOmM="})"), "quay.io alice:a:b:c");
  EXPECT_EQ(with(R"({"auth": "YWxpY2U6cHcAAAA="})"), "quay.io alice:pw") << "padded with zeros";
  EXPECT_EQ(with(R"({"auth": "YWxp\nY2U6cHc=\n"})"), "quay.io alice:pw");
  for (const std::string nothing : {"{}", "null", "[]", "7", R"({"auth": null})", R"({"email": "a@b"})"}) {
    EXPECT_EQ(with(nothing), "") << nothing;
  }
}

TEST_F(CredentialsTest, WhatCannotBeReadIsToldOnceAndRepeatsNothing) {
  const auto runtime = home_ / "run/containers/auth.json";
  test::put(docker_, auths(entry("quay.io", kBob)));
  for (const std::string& bad :
       {std::string(R"({"auths": {"quay.io": {"auth": "s3cret)"), std::string("[]"), std::string(""),
        std::string("s3cret"), std::string("\0s3cret", 7), auths(entry("quay.io", "s3cret")),
        auths(entry("quay.io", "YWxpY2U=")), std::string(2 << 20, ' ')}) {
    test::put(runtime, bad);
    const auto result = search("quay.io/x");
    EXPECT_EQ(result.where, docker_);
    ASSERT_EQ(result.warnings.size(), 1U) << bad.substr(0, 100);
    EXPECT_THAT(result.warnings[0], AllOf(HasSubstr(runtime), Not(HasSubstr("s3cret")), Not(HasSubstr("\n"))));
    try {
      (void)search("quay.io/x", runtime);
      ADD_FAILURE() << "a chosen file is taken, whatever it is";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit_status, exit_code::kBadInput);
      EXPECT_THAT(failure.message, AllOf(HasSubstr(runtime), Not(HasSubstr("s3cret"))));
    }
  }
}

TEST_F(CredentialsTest, WhatIsNoFile) {
  std::filesystem::create_directories(docker_);
  EXPECT_EQ(search("quay.io/x").warnings.size(), 1U);
  std::filesystem::remove(docker_);
  ASSERT_EQ(::mkfifo(docker_.c_str(), 0600), 0);
  EXPECT_EQ(search("quay.io/x").warnings.size(), 1U) << "and nobody waits for a writer";
  EXPECT_THROW((void)search("quay.io/x", home_ / "nothing"), Failure);
  set("REGISTRY_AUTH_FILE", home_ / "nothing");
  EXPECT_EQ(found("quay.io/x"), "");
}

TEST_F(CredentialsTest, APipeThatWasChosen) {
  auto pipe = make_pipe();
  const auto text = auths(entry("quay.io", kAlice));
  ASSERT_EQ(::write(pipe.write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  const auto path = "/proc/self/fd/" + std::to_string(pipe.read.get());
  pipe.write.reset();
  EXPECT_EQ(found("quay.io/x", path), "quay.io alice:s3cret");
}

TEST_F(CredentialsTest, HelperOfOneRegistry) {
  helper("test",
         "cat > \"$HOME/asked\"; echo \"$@\" >> \"$HOME/asked\"; "
         "echo '{\"ServerURL\": \"x\", \"Username\": \"carol\", \"Secret\": \"pw\"}'");
  test::put(docker_, R"({"credHelpers": {"quay.io": "test"}, "auths": {)" + entry("quay.io", kBob) + "}}");
  EXPECT_EQ(found("quay.io/a/b"), "quay.io carol:pw");
  EXPECT_EQ(test::content(home_ / "asked"), "quay.ioget\n");
  EXPECT_EQ(found("ghcr.io/a"), "") << "it is asked about its own registry only";
}

TEST_F(CredentialsTest, HelperOfAll) {
  helper("test",
         "read -r server; echo \"$server\" > \"$HOME/asked\"; "
         "echo '{\"Username\": \"<token>\", \"Secret\": \"tok\"}'");
  test::put(docker_, R"({"credsStore": "test", "auths": {"https://index.docker.io/v1/": {}}})");
  EXPECT_EQ(found("ghcr.io/a"), "ghcr.io tok");
  EXPECT_EQ(test::content(home_ / "asked"), "ghcr.io\n");
  EXPECT_EQ(found("debian"), "docker.io tok");
  EXPECT_EQ(test::content(home_ / "asked"), "https://index.docker.io/v1/\n");
}

TEST_F(CredentialsTest, AHelperThatKnowsNothing) {
  helper("test", "echo 'credentials not found in native keychain'; exit 1");
  test::put(docker_, R"({"credsStore": "test"})");
  EXPECT_EQ(found("ghcr.io/a"), "");
  test::put(docker_, R"({"credsStore": "test", "auths": {)" + entry("ghcr.io", kBob) + "}}");
  EXPECT_EQ(found("ghcr.io/a"), "ghcr.io bob:hunter2");
}

struct BadHelper {
  const char* name;
  const char* script;  // "" for none
  const char* said;
};

class BadHelpers : public CredentialsTest, public testing::WithParamInterface<BadHelper> {};

TEST_P(BadHelpers, AreToldOfAndPassedOver) {
  const auto& [name, script, said] = GetParam();
  if (*script) helper(name, script);
  test::put(docker_, std::string(R"({"credsStore": ")") + name + R"(", "auths": {)" + entry("ghcr.io", kBob) + "}}");
  const auto result = search("ghcr.io/a");
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_THAT(result.warnings[0], AllOf(HasSubstr(docker_), HasSubstr(said), Not(HasSubstr("s3cret"))));
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->login.username, "bob");
}

INSTANTIATE_TEST_SUITE_P(All, BadHelpers,
                         testing::Values(BadHelper{"none", "", "is it installed?"},
                                         BadHelper{"fails", "echo 'locked'; exit 3", "failed: locked"},
                                         BadHelper{"dies", "kill -9 $$", "failed"},
                                         BadHelper{"babbles", "echo s3cret", "is no login"},
                                         BadHelper{"floods", "yes s3cret", "more than any login"},
                                         BadHelper{"../../bin/sh", "", "cannot be run"},
                                         BadHelper{"a b", "", "cannot be run"}));

TEST_F(CredentialsTest, AHelperThatIsLateIsKilled) {
  helper("slow", "trap '' TERM; echo $$ > \"$HOME/pid\"; while :; do sleep 0.05; done");
  const auto before = Loop::Clock::now();
  try {
    (void)ask_helper(loop_, {.name = "slow", .server = "x", .key = "x"}, milliseconds(500));
    ADD_FAILURE();
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.message, HasSubstr("within 1 seconds"));
  }
  EXPECT_LT(Loop::Clock::now() - before, seconds(20));
  EXPECT_NE(::kill(std::stoi(test::content(home_ / "pid")), 0), 0);  // NOLINT: a test's own number
}

TEST_F(CredentialsTest, AHelperWhoseChildStays) {
  helper("fork", "sleep 600 & echo $! > \"$HOME/pid\"; echo '{\"Username\": \"carol\", \"Secret\": \"pw\"}'");
  const auto login = ask_helper(loop_, {.name = "fork", .server = "x", .key = "x"}, seconds(30));
  ASSERT_TRUE(login);
  EXPECT_EQ(login->username, "carol");
  ::kill(std::stoi(test::content(home_ / "pid")), SIGKILL);  // NOLINT: a test's own number
}

TEST_F(CredentialsTest, HandedOverInMemoryThatIsSealed) {
  const Fd fd = sealed({.key = "quay.io", .login = {.username = "alice", .password = "\"\\"}});
  char buffer[256] = {};
  ASSERT_GT(::read(fd.get(), buffer, sizeof(buffer)), 0);
  EXPECT_STREQ(buffer, R"({"auths":{"quay.io":{"password":"\"\\","username":"alice"}}})");
  EXPECT_LT(::write(fd.get(), "x", 1), 0);
  EXPECT_EQ(auths_json({.key = "quay.io/a", .login = {.identity_token = "t"}}),
            R"({"auths":{"quay.io/a":{"identitytoken":"t"}}})");
  EXPECT_THROW((void)sealed({.key = "quay.io", .login = {.username = "alice", .password = "\xff"}}), Failure);
}

TEST_F(CredentialsTest, Typed) {
  const auto login = typed_credentials(loop_, "alice:a:b", "quay.io");
  EXPECT_EQ(login.key, "quay.io");
  EXPECT_EQ(login.login.username, "alice");
  EXPECT_EQ(login.login.password, "a:b");
  EXPECT_EQ(typed_credentials(loop_, "alice:", "quay.io").login.password, "");
  EXPECT_THROW((void)typed_credentials(loop_, ":pw", "quay.io"), Failure);
}

}  // namespace
}  // namespace sdme::client
