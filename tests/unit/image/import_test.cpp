// SPDX-License-Identifier: MIT
#include "image/import.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "archive/tar_stream.hpp"
#include "image/trash.hpp"
#include "image/verb_run.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

std::string guest() {
  return directory("./") + file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME='Debian 13'\n") +
         directory("etc") + symlink("etc/os-release", "../usr/lib/os-release") +
         tar({.name = "usr/lib/systemd/systemd", .content = "ELF", .mode = 0755}) + kEndMark;
}

class Import : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: owners are set";
    for (const auto* const name : {"staging", "out"}) os::Dir::make(dir_ / name, 0700);
  }

  VerbRun import(const os::UniqueFd& data, std::uint64_t bytes = 1 << 20, std::uint64_t hint = 0) {
    return run_verb(image::run_import,
                    {{"verb", "import"},
                     {"job", 1},
                     {"staging", dir_ / "staging"},
                     {"size_hint", hint},
                     {"limits", {{"bytes", bytes}, {"entries", 100}}}},
                    dir_ / "out", data);
  }

  TempDir dir_;
};

TEST_F(Import, TellsWhatItUnpacked) {
  const auto run = import(os::sealed_memory(compressed(guest(), Compression::kGzip), "data"));
  ASSERT_TRUE(run.result.contains("result")) << run.result;
  const auto& result = run.result["result"];
  EXPECT_EQ(result["layer"].get<std::string>().size(), 64U);
  EXPECT_EQ(result["digest"], "sha256:" + result["layer"].get<std::string>());
  EXPECT_EQ(result["entries"], 5);
  EXPECT_EQ(result["size"], 50 + 3);
  EXPECT_EQ(result["os"], "Debian 13");
  EXPECT_EQ(result["distro"], "debian");
  EXPECT_EQ(result["version_id"], "13");
  EXPECT_EQ(result["bootable"], true);
  EXPECT_EQ(content(dir_ / "staging/tree/usr/lib/systemd/systemd"), "ELF");
}

TEST_F(Import, ReportsProgressOfAFile) {
  const std::string before(1000, 'x');
  const auto data = os::sealed_memory(before + guest(), "data");
  ASSERT_EQ(lseek(data.get(), 1000, SEEK_SET), 1000);
  const auto run = import(data);
  ASSERT_GE(run.packets.size(), 3U);
  EXPECT_EQ(run.packets.front()["phase"], "unpack");
  EXPECT_EQ(run.packets.front()["progress"], 0.0);
  EXPECT_EQ(run.packets.front()["bytes_total"], guest().size());
  const auto& last = run.packets[run.packets.size() - 2];
  EXPECT_EQ(last["phase"], "sync");
  EXPECT_EQ(last["progress"], 1.0);
  EXPECT_EQ(run.packets.back(), (json::Value{{"finished", true}}));
}

TEST_F(Import, ReportsProgressOfAPipe) {
  for (const std::uint64_t hint : {std::uint64_t{0}, std::uint64_t{4096}}) {
    int ends[2] = {};
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const os::UniqueFd reading(ends[0]);
    os::UniqueFd writing(ends[1]);
    os::write_all(writing.get(), guest(), "pipe");
    writing.reset();
    const auto run = import(reading, 1 << 20, hint);
    ASSERT_TRUE(run.result.contains("result")) << run.result;
    EXPECT_EQ(run.packets.front()["progress"], hint == 0 ? -1.0 : 0.0);
    EXPECT_EQ(run.packets.front()["bytes_total"], hint);
    os::tree_remove(os::Dir::open(dir_ / "staging"), "tree");
  }
}

TEST_F(Import, HandsOnWhyNot) {
  const auto cut = import(os::sealed_memory(guest().substr(0, 2048), "data"));
  EXPECT_EQ(cut.result["error"]["code"], "Corrupt");
  EXPECT_THAT(cut.result["error"]["message"].get<std::string>(), HasSubstr("truncated"));
  os::tree_remove(os::Dir::open(dir_ / "staging"), "tree");
  const auto large = import(os::sealed_memory(guest(), "data"), 1024);
  EXPECT_EQ(large.result["error"]["code"], "LimitExceeded");
}

// Its own view of a disk that holds 64 KiB, or 16 files.
json::Value import_to_small_disk(job::Worker& worker) {
  const auto staging = json::get<std::string>(worker.request(), "staging");
  const auto options = json::get<std::string>(worker.request(), "options");
  if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      mount("tmpfs", staging.c_str(), "tmpfs", 0, options.c_str()) < 0) {
    return {{"skipped", true}};
  }
  return image::run_import(worker);
}

TEST_F(Import, SaysThatTheDiskIsFull) {
  std::string many;
  for (int i = 0; i < 50; ++i) many += file(std::to_string(i), "x");
  for (const auto& [options, stream] : {std::pair("size=64k", file("big", std::string(100'000, 'x')) + kEndMark),
                                        std::pair("nr_inodes=16", many + kEndMark)}) {
    const auto run = run_verb(
        import_to_small_disk,
        {{"staging", dir_ / "staging"}, {"options", options}, {"limits", {{"bytes", 1 << 20}, {"entries", 100}}}},
        dir_ / "out", os::sealed_memory(stream, "data"));
    if (run.result.contains("result")) GTEST_SKIP() << "this user may not mount";
    EXPECT_EQ(run.result["error"]["code"], "NoSpace") << run.result;
  }
}

TEST_F(Import, NeedsItsData) {
  const auto run = run_verb(image::run_import,
                            {{"staging", dir_ / "staging"}, {"limits", {{"bytes", 1}, {"entries", 1}}}}, dir_ / "out");
  EXPECT_EQ(run.result["error"]["code"], "Internal");
  EXPECT_THAT(run.result["error"]["message"].get<std::string>(), HasSubstr("'data'"));
}

TEST_F(Import, EmptiesTheTrash) {
  put(dir_ / "trash/one/deep/file", "x");
  put(dir_ / "trash/two", "x");
  put(dir_ / "kept/file", "x");
  std::filesystem::create_symlink(dir_ / "kept", dir_ / "trash/three");
  const auto run = run_verb(image::run_trash, {{"trash", dir_ / "trash"}}, dir_ / "out");
  EXPECT_TRUE(run.result.contains("result")) << run.result;
  EXPECT_TRUE(os::Dir::open(dir_ / "trash").entries().empty());
  EXPECT_EQ(content(dir_ / "kept/file"), "x");
}

// What a session or a slow daemon may do to the report.
json::Value report_much(job::Worker& worker) {
  for (int i = 0; i < 10'000; ++i) worker.progress("same", 0.5);
  worker.progress("other", 0.6);
  for (int i = 0; i < 10'000; ++i) worker.send({{"filler", std::string(100, 'x')}});
  return {{"sent", true}};
}

TEST_F(Import, ReportsSeldomAndNeverWaits) {
  const auto run = run_verb(report_much, json::Value::object(), dir_ / "out");
  EXPECT_EQ(run.result["result"]["sent"], true);
  ASSERT_GE(run.packets.size(), 2U);
  EXPECT_LT(run.packets.size(), 5000U);
  EXPECT_EQ(run.packets[0]["phase"], "same");
}

json::Value fail_with_odd_bytes(job::Worker&) { throw Error(Errc::kBootFailed, "it said\n\xff\xfe"); }

TEST_F(Import, WritesAnErrorWhateverItSays) {
  const auto run = run_verb(fail_with_odd_bytes, json::Value::object(), dir_ / "out");
  EXPECT_EQ(run.result["error"]["code"], "BootFailed");
  EXPECT_THAT(run.result["error"]["message"].get<std::string>(), HasSubstr("it said\n"));
}

}  // namespace

}  // namespace sdme::test
