// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "client.hpp"
#include "commands/create.hpp"
#include "commands/enable.hpp"
#include "commands/exec.hpp"
#include "commands/fs_cache.hpp"
#include "commands/fs_gc.hpp"
#include "commands/fs_import.hpp"
#include "commands/fs_list.hpp"
#include "commands/fs_remove.hpp"
#include "commands/fs_show.hpp"
#include "commands/jobs.hpp"
#include "commands/join.hpp"
#include "commands/list.hpp"
#include "commands/logs.hpp"
#include "commands/new.hpp"
#include "commands/remove.hpp"
#include "commands/restart.hpp"
#include "commands/show.hpp"
#include "commands/start.hpp"
#include "commands/stop.hpp"
#include "errors.hpp"

namespace sdme::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// The verb as parsed; the test ends when another one was.
template <typename T>
T parsed(const Words& words) {
  CommandLine line;
  line.parse(words);
  const auto* verb = std::any_cast<std::shared_ptr<T>>(&line.request().verb);
  if (!verb) throw std::runtime_error("another verb was parsed");
  return **verb;
}

Globals globals(const Words& words) {
  CommandLine line;
  line.parse(words);
  return line.globals();
}

int status_of(const Words& words) {
  CommandLine line;
  try {
    line.parse(words);
  } catch (const CLI::ParseError& error) {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const int status = line.explain(error);
    testing::internal::GetCapturedStderr();
    testing::internal::GetCapturedStdout();
    return status;
  }
  return -1;
}

TEST(CommandLine, FsImport) {
  const auto plain = parsed<FsImport>({"fs", "import", "debian", "debian.tar"});
  EXPECT_EQ(plain.name, "debian");
  EXPECT_EQ(plain.source, "debian.tar");
  EXPECT_FALSE(plain.force);
  EXPECT_FALSE(plain.detach);
  const auto all = parsed<FsImport>({"fs", "import", "-f", "--detach", "debian", "-"});
  EXPECT_EQ(all.source, "-");
  EXPECT_TRUE(all.force);
  EXPECT_TRUE(all.detach);
}

TEST(CommandLine, FsImportOptions) {
  const auto all = parsed<FsImport>({"fs", "import", "web", "docker://x", "--platform", "linux/arm64", "--no-cache",
                                     "--install-packages=yes", "--creds", "alice:a b"});
  EXPECT_EQ(all.platform, "linux/arm64");
  EXPECT_TRUE(all.no_cache);
  EXPECT_EQ(all.install_packages, "yes");
  EXPECT_EQ(all.creds, "alice:a b");
  EXPECT_EQ(parsed<FsImport>({"fs", "import", "web", "x", "--authfile", "f"}).authfile, "f");
  EXPECT_EQ(parsed<FsImport>({"fs", "import", "web", "x.tar", "--tag", "v1"}).tag, "v1");
  EXPECT_EQ(status_of({"fs", "import", "web", "x", "--install-packages=maybe"}), exit_code::kUsage);
  EXPECT_EQ(status_of({"fs", "import", "web", "x", "--creds", "a:b", "--authfile", "f"}), exit_code::kUsage);
  EXPECT_EQ(status_of({"fs", "import", "web"}), exit_code::kUsage);
}

TEST(CommandLine, NestedVerbs) {
  parsed<FsGc>({"fs", "gc"});
  parsed<CacheInspect>({"fs", "cache", "info"});
  parsed<CacheList>({"fs", "cache", "ls", "--json"});
  EXPECT_FALSE(parsed<CacheClean>({"fs", "cache", "clean"}).all);
  EXPECT_TRUE(parsed<CacheClean>({"fs", "cache", "clean", "--all"}).all);
  EXPECT_EQ(status_of({"fs", "cache"}), exit_code::kUsage);
  EXPECT_EQ(status_of({"fs", "cache", "info", "x"}), exit_code::kUsage);
}

// Of what is wrong with the password, nothing is said.
TEST(CommandLine, SecretsAreNotRepeated) {
  for (const Words& words :
       {Words{"fs", "import", "web", "x", "--creds", "a:s3cret", "--authfile", "f"},
        Words{"fs", "import", "--creds", "a:s3cret", "--bogus"}, Words{"fs", "import", "--creds=a:s3cret"}}) {
    CommandLine line;
    testing::internal::CaptureStderr();
    try {
      line.parse(words);
      ADD_FAILURE();
    } catch (const CLI::ParseError& error) {
      line.explain(error);
    }
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("s3cret")));
    EXPECT_THAT(said, testing::HasSubstr("see 'sdmectl fs import --help'"));
  }
}

TEST(CommandLine, OtherFsVerbs) {
  parsed<FsList>({"fs", "ls"});
  EXPECT_THAT(parsed<FsShow>({"fs", "show", "a", "b"}).names, ElementsAre("a", "b"));
  EXPECT_THAT(parsed<FsRemove>({"fs", "rm", "a", "b"}).names.names, ElementsAre("a", "b"));
  const auto all = parsed<FsRemove>({"fs", "rm", "-a", "-f"});
  EXPECT_TRUE(all.names.all);
  EXPECT_TRUE(all.force);
}

TEST(CommandLine, CreateLeavesToTheDaemonWhatIsNotSaid) {
  const auto bare = parsed<Create>({"create"});
  EXPECT_EQ(bare.flags.name, "");
  EXPECT_EQ(bare.flags.rootfs, "");
  const auto definition = bare.flags.definition();
  EXPECT_EQ(definition.size(), 1U);
  EXPECT_EQ(value_of<std::string>(definition, "on-disconnect"), "cancel");
}

TEST(CommandLine, CreateWithEverything) {
  const auto all = parsed<Create>({"create", "web", "-r", "debian", "--private-network", "-u", "-o", "/a,/b", "-o",
                                   "/c", "--masked-services", "one,two", "--enable", "--started", "-t", "90"});
  EXPECT_EQ(all.flags.name, "web");
  EXPECT_EQ(all.flags.rootfs, "debian");
  EXPECT_TRUE(all.flags.enable);
  EXPECT_TRUE(all.started);
  EXPECT_EQ(all.timeout_seconds, 90U);
  const auto definition = all.flags.definition();
  EXPECT_EQ(value_of<std::string>(definition, "network"), "private");
  EXPECT_TRUE(value_of<bool>(definition, "userns"));
  EXPECT_THAT(value_of<Words>(definition, "opaque-dirs"), ElementsAre("/a", "/b", "/c"));
  EXPECT_THAT(value_of<Words>(definition, "masked-services"), ElementsAre("one", "two"));
}

TEST(CommandLine, CreateWithout) {
  EXPECT_EQ(parsed<Create>({"create", "--name", "web"}).flags.name, "web");
  EXPECT_FALSE(value_of<bool>(parsed<Create>({"create", "--no-userns"}).flags.definition(), "userns", true));
  for (const Words& none : {Words{"create", "--masked-services="}, Words{"create", "--masked-services", ""}}) {
    const auto definition = parsed<Create>(none).flags.definition();
    ASSERT_TRUE(definition.contains("masked-services"));
    EXPECT_THAT(value_of<Words>(definition, "masked-services", {"some"}), IsEmpty());
  }
}

TEST(CommandLine, New) {
  const auto plain = parsed<New>({"new"});
  EXPECT_EQ(plain.flags.name, "");
  EXPECT_THAT(plain.command, IsEmpty());
  const auto all =
      parsed<New>({"new", "web", "--fs", "debian", "-t", "5", "--user", "alice", "--", "ls", "-t", "--", "x"});
  EXPECT_EQ(all.flags.name, "web");
  EXPECT_EQ(all.flags.rootfs, "debian");
  EXPECT_EQ(all.timeout_seconds, 5U);
  EXPECT_EQ(all.user, "alice");
  EXPECT_THAT(all.command, ElementsAre("ls", "-t", "--", "x"));
  EXPECT_EQ(status_of({"new", "web", "ls"}), exit_code::kUsage);
}

TEST(CommandLine, Lifecycle) {
  const auto start = parsed<Start>({"start", "a", "b", "-t", "7"});
  EXPECT_THAT(start.names.names, ElementsAre("a", "b"));
  EXPECT_EQ(start.timeout_seconds, 7U);
  EXPECT_TRUE(parsed<Start>({"start", "--all"}).names.all);
  EXPECT_THAT(parsed<Enable>({"enable", "a", "b"}).names, ElementsAre("a", "b"));
  EXPECT_THAT(parsed<Disable>({"disable", "a"}).names, ElementsAre("a"));
  const auto remove = parsed<Remove>({"rm", "-a", "--force"});
  EXPECT_TRUE(remove.names.all);
  EXPECT_TRUE(remove.force);
}

TEST(CommandLine, StopModes) {
  const auto mode = [](const Words& words) {
    return value_of<std::string>(parsed<Stop>(words).mode.options(), "mode");
  };
  EXPECT_EQ(mode({"stop", "a"}), "graceful");
  EXPECT_EQ(mode({"stop", "a", "--term"}), "terminate");
  EXPECT_EQ(mode({"stop", "a", "--kill"}), "kill");
  EXPECT_EQ(status_of({"stop", "a", "--kill", "--term"}), exit_code::kUsage);
  const auto options = parsed<Restart>({"restart", "a", "--kill", "-t", "3"}).mode.options();
  EXPECT_EQ(value_of<std::string>(options, "mode"), "kill");
  EXPECT_EQ(value_of<std::uint64_t>(options, "timeout-usec"), 3'000'000U);
}

TEST(CommandLine, NamesOrAll) {
  EXPECT_THROW(Names({.names = {}, .all = false}).check(), Failure);
  EXPECT_THROW(Names({.names = {"a"}, .all = true}).check(), Failure);
  EXPECT_NO_THROW(Names({.names = {"a"}, .all = false}).check());
  EXPECT_NO_THROW(Names({.names = {}, .all = true}).check());
}

TEST(CommandLine, Lists) {
  parsed<List>({"ps"});
  const auto show = parsed<Show>({"show", "a", "--effective"});
  EXPECT_THAT(show.names, ElementsAre("a"));
  EXPECT_TRUE(show.effective);
  const auto logs = parsed<Logs>({"logs", "a", "-f", "-n", "5", "--output", "cat"});
  EXPECT_EQ(logs.name, "a");
  EXPECT_TRUE(logs.follow);
  EXPECT_EQ(logs.lines, 5U);
  EXPECT_EQ(logs.format, "cat");
  EXPECT_EQ(status_of({"logs", "a", "--output", "xml"}), exit_code::kUsage);
}

TEST(CommandLine, Jobs) {
  parsed<Jobs>({"jobs"});
  EXPECT_THAT(parsed<JobsWait>({"jobs", "wait", "17"}).ids, ElementsAre(17U));
  EXPECT_THAT(parsed<JobsCancel>({"jobs", "cancel", "17", "18"}).ids, ElementsAre(17U, 18U));
  EXPECT_THAT(parsed<JobsShow>({"jobs", "show", "17"}).ids, ElementsAre(17U));
  EXPECT_EQ(status_of({"jobs", "wait", "x"}), exit_code::kUsage);
}

struct ExecCase {
  Words words;
  Words command;
};

class ExecCommand : public testing::TestWithParam<ExecCase> {};

TEST_P(ExecCommand, IsNotOursToParse) {
  const auto exec = parsed<Exec>(GetParam().words);
  EXPECT_EQ(exec.name, "web");
  EXPECT_EQ(exec.command, GetParam().command);
}

INSTANTIATE_TEST_SUITE_P(Forms, ExecCommand,
                         testing::Values(ExecCase{{"exec", "web", "ls", "-l"}, {"ls", "-l"}},
                                         ExecCase{{"exec", "web", "--", "ls", "-l"}, {"ls", "-l"}},
                                         ExecCase{{"exec", "web", "ls", "-v", "--json"}, {"ls", "-v", "--json"}},
                                         ExecCase{{"exec", "web", "ls", "--", "-x"}, {"ls", "--", "-x"}},
                                         ExecCase{{"exec", "web", "--", "--", "x"}, {"--", "x"}},
                                         ExecCase{{"exec", "web", "-"}, {"-"}},
                                         ExecCase{{"exec", "web", "", "x"}, {"", "x"}},
                                         ExecCase{{"exec", "--user", "bob", "web", "-e", "A=1", "id"}, {"id"}},
                                         ExecCase{{"exec", "web", "--user=bob", "id", "--user=x"}, {"id", "--user=x"}},
                                         ExecCase{{"exec", "web", "-Te", "A=1", "id"}, {"id"}},
                                         ExecCase{{"exec", "web", "-eA=1", "id"}, {"id"}},
                                         ExecCase{{"--address", "exec", "exec", "web", "id"}, {"id"}},
                                         ExecCase{{"--json=short", "exec", "web", "--progress", "none", "id"}, {"id"}},
                                         ExecCase{{"exec", "web", "printf", "a="}, {"printf", "a="}},
                                         ExecCase{{"exec", "web"}, {}}));

TEST(CommandLine, Exec) {
  const auto exec =
      parsed<Exec>({"exec", "web", "--user", "bob", "--cwd", "/srv", "-e", "A=1", "--env", "B=x,y=", "-T", "--", "id"});
  EXPECT_EQ(exec.user, "bob");
  EXPECT_EQ(exec.cwd, "/srv");
  EXPECT_THAT(exec.env, ElementsAre("A=1", "B=x,y="));
  EXPECT_TRUE(exec.no_terminal);
  EXPECT_FALSE(exec.terminal);
  EXPECT_EQ(status_of({"exec", "web", "-t", "-T", "id"}), exit_code::kUsage);
  EXPECT_EQ(status_of({"exec", "web", "-e", "A", "id"}), exit_code::kUsage);
  EXPECT_EQ(status_of({"exec", "web", "--bogus", "id"}), exit_code::kUsage);
}

TEST(CommandLine, Join) {
  const auto join = parsed<Join>({"join", "web", "--start", "-t", "9", "--user", "bob", "ls", "-l"});
  EXPECT_EQ(join.name, "web");
  EXPECT_TRUE(join.start);
  EXPECT_EQ(join.timeout_seconds, 9U);
  EXPECT_EQ(join.user, "bob");
  EXPECT_THAT(join.command, ElementsAre("ls", "-l"));
}

TEST(CommandLine, GlobalsGoAnywhere) {
  EXPECT_EQ(globals({"--json", "ps"}).json, Json::kPretty);
  EXPECT_EQ(globals({"ps", "--json=short"}).json, Json::kShort);
  EXPECT_EQ(globals({"fs", "ls", "--json=off"}).json, Json::kOff);
  EXPECT_NE(globals({"ps", "-j"}).json, Json::kOff);
  EXPECT_EQ(globals({"ps", "--progress", "plain"}).progress, Progress::kPlain);
  EXPECT_FALSE(globals({"ps", "--no-ask-password"}).ask_password);
  EXPECT_FALSE(globals({"ps", "--no-legend"}).legend);
  EXPECT_TRUE(globals({"start", "-v", "a"}).verbose);
  EXPECT_EQ(globals({"--address", "unix:path=/x", "ps"}).address, "unix:path=/x");
}

TEST(CommandLine, WrongUse) {
  for (const Words& words :
       {Words{}, Words{"strat", "web"}, Words{"fs"}, Words{"enable"}, Words{"start", "-t", "0", "web"},
        Words{"ps", "--json=xml"}, Words{"start", "--bogus"}, Words{"create", "a", "--name", "b"}}) {
    EXPECT_EQ(status_of(words), exit_code::kUsage) << (words.empty() ? "" : words.front());
  }
}

TEST(CommandLine, HelpIsNoError) {
  for (const Words& words : {Words{"--help"}, Words{"--version"}, Words{"fs", "--help"}, Words{"exec", "-h"}}) {
    EXPECT_EQ(status_of(words), exit_code::kDone);
  }
}

}  // namespace
}  // namespace sdme::client
