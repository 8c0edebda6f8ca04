// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "client.hpp"
#include "client/fake_manager.hpp"
#include "command_line.hpp"
#include "support/temp_dir.hpp"

namespace sdme::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

struct Ended {
  int status;
  std::string out;
  std::string err;
};

// Whole command lines against the fake, by a user with a home directory of the test's.
class FsVerbsTest : public testing::Test {
 protected:
  FsVerbsTest() {
    ::setenv("HOME", home_.path().c_str(), 1);
    ::setenv("XDG_RUNTIME_DIR", (home_ / "run").c_str(), 1);
    for (const char* name : {"XDG_CONFIG_HOME", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE"}) ::unsetenv(name);
    std::filesystem::current_path(home_.path());
  }
  ~FsVerbsTest() override { std::filesystem::current_path(before_); }

  Ended run(Words words) {
    FakeManager& manager = manager_.emplace();
    words.insert(words.begin(), {"--no-ask-password", "--address", manager.address()});
    CommandLine line;
    line.parse(words);
    Client client(line.globals());
    bool signalled = false;
    Loop::Tick tick(client.loop, std::chrono::milliseconds(20), [&] {
      if (interrupt_ && manager.is_waited_for() && !std::exchange(signalled, true)) ::raise(SIGINT);
    });
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int status = 0;
    try {
      status = line.request().run(client);
    } catch (const Interrupted& interrupted) {
      status = interrupted.exit_status();
    } catch (const Failure& failure) {
      client.out.say(failure);
      status = failure.exit_status;
    }
    return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }
  Ended import(Words words) {
    words.insert(words.begin(), {"fs", "import"});
    return run(std::move(words));
  }
  const FakeManager::Asked& asked() const { return manager_->asked(); }
  std::string option(const std::string& key) const { return value_of<std::string>(asked().options, key, "(none)"); }

  const std::filesystem::path before_ = std::filesystem::current_path();
  test::TempDir home_;
  bool interrupt_ = false;
  std::optional<FakeManager> manager_;
};

TEST_F(FsVerbsTest, WhatIsNotSaidIsLeftToTheDaemon) {
  const auto ended = import({"good", "quay.io/x"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "good\n");
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(asked().method, "PullRootfs");
  EXPECT_EQ(asked().source, "docker://quay.io/x");
  EXPECT_EQ(asked().options.size(), 1U);
  EXPECT_EQ(option("on-disconnect"), "cancel");
  EXPECT_EQ(asked().credentials, "");
}

TEST_F(FsVerbsTest, OptionsOfAPull) {
  import({"good", "docker://quay.io/x:1", "--force", "--platform", "linux/arm64/v8", "--install-packages", "yes",
          "--no-cache"});
  EXPECT_EQ(asked().source, "docker://quay.io/x:1");
  EXPECT_TRUE(value_of<bool>(asked().options, "force"));
  EXPECT_EQ(option("platform"), "linux/arm64/v8");
  EXPECT_EQ(option("install-packages"), "yes");
  EXPECT_FALSE(value_of<bool>(asked().options, "use-cache", true));
  import({"good", "https://x/images.tar", "--tag", "v1"});
  EXPECT_EQ(asked().method, "PullRootfs");
  EXPECT_EQ(option("tag"), "v1");
}

TEST_F(FsVerbsTest, OptionsOfAnImport) {
  test::put(home_ / "a.tar", "bytes");
  import({"good", "a.tar", "-f", "--platform", "linux/arm64", "--tag", "v1", "--install-packages=no"});
  EXPECT_EQ(asked().method, "ImportRootfs");
  EXPECT_EQ(asked().data, "bytes");
  EXPECT_EQ(option("tag"), "v1");
  EXPECT_EQ(option("platform"), "linux/arm64");
  EXPECT_EQ(option("install-packages"), "no");
  EXPECT_TRUE(value_of<bool>(asked().options, "force"));
  EXPECT_EQ(option("origin"), std::filesystem::canonical(home_ / "a.tar").string());
  import({"good", "docker-archive:a.tar:localhost/app:1"});
  EXPECT_EQ(asked().data, "bytes");
  EXPECT_EQ(option("tag"), "localhost/app:1");
}

TEST_F(FsVerbsTest, APathIsPreferredAndTheNoteSaysSo) {
  test::put(home_ / "debian", "bytes");
  const auto ended = import({"good", "debian"});
  EXPECT_EQ(asked().method, "ImportRootfs");
  EXPECT_THAT(ended.err, HasSubstr("docker://debian"));
  EXPECT_EQ(ended.out, "good\n");
  import({"good", "docker://debian"});
  EXPECT_EQ(asked().method, "PullRootfs");
}

TEST_F(FsVerbsTest, OptionsThatSayNothingOfSuchASource) {
  test::put(home_ / "a.tar", "bytes");
  std::filesystem::create_directory(home_ / "tree");
  for (const Words& words : {Words{"good", "quay.io/x", "--tag", "v1"}, Words{"good", "https://x/y", "--authfile", "f"},
                             Words{"good", "https://x/y", "--creds", "a:b"}, Words{"good", "x", "--creds", "a:b"},
                             Words{"good", "a.tar", "--no-cache"}, Words{"good", "a.tar", "--creds", "a:b"},
                             Words{"good", "a.tar", "--authfile", "f"},
                             Words{"good", "oci-archive:a.tar:v1", "--tag", "v2"}, Words{"good", "tree", "--detach"}}) {
    const auto ended = import(words);
    EXPECT_EQ(ended.status, exit_code::kUsage) << words[1] << " " << words[2];
    EXPECT_EQ(asked().method, "") << words[1] << " " << words[2];
  }
}

TEST_F(FsVerbsTest, CredentialsGoInADescriptor) {
  // "alice:s3cret"
  test::put(home_ / ".docker/config.json",
            R"({"auths": {"quay.io": {"auth": "YWxpY2U6czNjcmV0"}, "ghcr.io": {"auth": "Yjpj"}}})");
  import({"good", "quay.io/x"});
  EXPECT_EQ(asked().credentials, R"({"auths":{"quay.io":{"password":"s3cret","username":"alice"}}})");
  import({"good", "docker.io/x"});
  EXPECT_EQ(asked().credentials, "");
  import({"good", "https://quay.io/x"});
  EXPECT_EQ(asked().credentials, "") << "a URL is no registry";
  import({"good", "quay.io/x", "--creds", "bob:pw"});
  EXPECT_EQ(asked().credentials, R"({"auths":{"quay.io":{"password":"pw","username":"bob"}}})");
  test::put(home_ / "mine.json", R"({"auths": {"quay.io/x": {"identitytoken": "tok"}}})");
  import({"good", "quay.io/x", "--authfile", "mine.json"});
  EXPECT_EQ(asked().credentials, R"({"auths":{"quay.io/x":{"identitytoken":"tok"}}})");
}

TEST_F(FsVerbsTest, AWarningAboutCredentialsIsNoEnd) {
  test::put(home_ / ".docker/config.json", "s3cret");
  const auto ended = import({"good", "quay.io/x"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, AllOf(HasSubstr(".docker/config.json"), Not(HasSubstr("s3cret"))));
  EXPECT_EQ(import({"good", "quay.io/x", "--authfile", ".docker/config.json"}).status, exit_code::kBadInput);
}

TEST_F(FsVerbsTest, ARegistryThatRefuses) {
  const auto without = import({"locked", "quay.io/x"});
  EXPECT_EQ(without.status, exit_code::kNotAuthorised);
  EXPECT_THAT(without.err,
              AllOf(HasSubstr("wants credentials"), HasSubstr("no credentials for quay.io"), HasSubstr("--creds")));
  EXPECT_THAT(import({"locked", "x"}).err, HasSubstr("docker.io alone"));
  const auto with = import({"locked", "quay.io/x", "--creds", "alice:s3cret"});
  EXPECT_EQ(with.status, exit_code::kNotAuthorised);
  EXPECT_THAT(with.err, AllOf(HasSubstr("not accepted"), Not(HasSubstr("s3cret"))));
  test::put(home_ / "mine.json", R"({"auths": {"quay.io": {"identitytoken": "tok"}}})");
  EXPECT_THAT(import({"locked", "quay.io/x", "--authfile", "mine.json"}).err,
              HasSubstr("those of quay.io in mine.json"));
}

TEST_F(FsVerbsTest, PolkitsRefusalIsNotTheRegistrys) {
  const auto ended = import({"denied", "quay.io/x"});
  EXPECT_EQ(ended.status, exit_code::kNotAuthorised);
  EXPECT_THAT(ended.err, Not(HasSubstr("--creds")));
}

TEST_F(FsVerbsTest, ANameThatIsTaken) {
  const auto ended = import({"taken", "quay.io/x"});
  EXPECT_EQ(ended.status, exit_code::kConflict);
  EXPECT_THAT(ended.err, HasSubstr("--force"));
  EXPECT_THAT(import({"taken", "quay.io/x", "--force"}).err, Not(HasSubstr("--force")));
}

TEST_F(FsVerbsTest, TheWrongWayRound) {
  const auto ended = import({"quay.io/x", "good"});
  EXPECT_EQ(ended.status, exit_code::kUsage);
  EXPECT_THAT(ended.err, HasSubstr("NAME comes first"));
}

TEST_F(FsVerbsTest, ALayoutTellsItsSize) {
  test::put(home_ / "layout/oci-layout", "{}");
  test::put(home_ / "layout/index.json", "{}");
  test::put(home_ / "layout/blobs/sha256/one", std::string(100'000, 'x'));
  EXPECT_EQ(import({"good", "oci:layout:v1"}).status, 0);
  EXPECT_EQ(option("tag"), "v1");
  EXPECT_TRUE(asked().data.starts_with("oci-layout"));
  EXPECT_NEAR(static_cast<double>(value_of<std::uint64_t>(asked().options, "size-hint")),
              static_cast<double>(asked().data.size()), 12'000);
}

TEST_F(FsVerbsTest, Detached) {
  const auto ended = import({"slow", "quay.io/x", "--detach"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "1\n");
  EXPECT_EQ(option("on-disconnect"), "continue");
  EXPECT_EQ(import({"slow", "quay.io/x", "--detach", "--json=short"}).out, "{\"job\":1,\"name\":\"slow\"}\n");
}

TEST_F(FsVerbsTest, AnInterruptCancelsAPull) {
  interrupt_ = true;
  const auto ended = import({"slow", "quay.io/x"});
  EXPECT_EQ(ended.status, exit_code::kInterrupted);
  EXPECT_EQ(manager_->cancels(), 1);
  EXPECT_EQ(ended.out, "");
}

TEST_F(FsVerbsTest, WhatIsMissingIsSaidWithWhatToDo) {
  const auto ended = import({"poor", "quay.io/x"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "poor\n");
  EXPECT_THAT(ended.err, AllOf(HasSubstr("sdmectl: 'poor': no packages?[m for tiny\n"),
                               HasSubstr("'poor': it lacks systemd and dbus"), HasSubstr("to boot"),
                               HasSubstr("--install-packages=yes")));
  const auto json = import({"poor", "quay.io/x", "--json=short"});
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("missing":["systemd","dbus"])"), HasSubstr(R"("name":"poor")")));
}

TEST_F(FsVerbsTest, List) {
  const auto out = run({"fs", "ls"}).out;
  EXPECT_THAT(out, HasSubstr("SIZE     SHARED   OWN"));
  EXPECT_THAT(out, HasSubstr("3.0 MiB  2.0 MiB  1.0 MiB"));
  EXPECT_THAT(run({"fs", "ls", "--json=short"}).out, HasSubstr(R"("own":1048576)"));
}

TEST_F(FsVerbsTest, Show) {
  const auto out = run({"fs", "show", "good"}).out;
  EXPECT_THAT(out, AllOf(HasSubstr("own:         1.0 MiB\n"), HasSubstr("layers:      2, the top first\n"),
                         HasSubstr("layer:        1.0 MiB  bbbb\n"), HasSubstr("layer:        2.0 MiB  aaaa\n")));
  EXPECT_THAT(out, AllOf(HasSubstr("entrypoint:  /bin/sh -c\n"), HasSubstr("cmd:         'echo a b'\n"),
                         HasSubstr("env:         PATH=/bin\n"), HasSubstr("ports:       80/tcp\n"),
                         HasSubstr("label:       a=b\n"), HasSubstr("built:       2026-01-02\n")));
  EXPECT_THAT(out, Not(HasSubstr("user:")));
  EXPECT_THAT(run({"fs", "show", "good", "--json=short"}).out,
              AllOf(HasSubstr(R"("layer_sizes":[1048576,2097152])"), HasSubstr(R"("Entrypoint":["/bin/sh","-c"])")));
}

TEST_F(FsVerbsTest, Garbage) {
  EXPECT_EQ(run({"fs", "gc"}).out, "2 layers, 1 broken off download of 5.0 MiB\n");
  EXPECT_EQ(run({"fs", "gc", "--json=short"}).out, "{\"bytes\":5242880,\"downloads\":1,\"layers\":2}\n");
}

TEST_F(FsVerbsTest, Cache) {
  EXPECT_THAT(run({"fs", "cache", "info"}).out,
              AllOf(HasSubstr("directory:  /c\n"), HasSubstr("max-size:   1.0 GiB\n")));
  EXPECT_THAT(run({"fs", "cache", "ls"}).out, AllOf(HasSubstr("DIGEST"), HasSubstr("sha256:ab  1.0 MiB")));
  EXPECT_EQ(run({"fs", "cache", "clean"}).out, "1 blob of 1.0 MiB\n");
  EXPECT_EQ(run({"fs", "cache", "clean", "--all"}).out, "9 blobs of 1.0 MiB\n");
  EXPECT_EQ(run({"fs", "cache", "clean", "-a", "-j"}).out, "{\"blobs\":9,\"bytes\":1048576}\n");
}

}  // namespace
}  // namespace sdme::client
