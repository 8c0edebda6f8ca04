// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "image/import_fixture.hpp"
#include "image/trash.hpp"
#include "layer/measure.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

std::string guest() {
  return directory("./") + file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME='Debian 13'\n") +
         directory("etc") + symlink("etc/os-release", "../usr/lib/os-release") +
         tar({.name = "usr/lib/systemd/systemd", .content = "ELF", .mode = 0755}) + kEndMark;
}

TEST_F(Import, TellsWhatItUnpacked) {
  const auto result = result_of(import(os::sealed_memory(compressed(guest(), Compression::kGzip), "data")));
  ASSERT_EQ(result["layers"].size(), 1U);
  const auto& layer = result["layers"][0];
  const auto digest = oci::Digest::of(guest());
  EXPECT_EQ(layer["id"], std::string(digest.hex()));
  EXPECT_EQ(layer["diff_id"], digest.str());
  EXPECT_EQ(result["digest"], digest.str());
  for (const auto& counted : {result, layer}) {
    EXPECT_EQ(counted["entries"], 5);
    EXPECT_EQ(counted["size"], 50 + 3);
  }
  EXPECT_EQ(result["os"], "Debian 13");
  EXPECT_EQ(result["distro"], "debian");
  EXPECT_EQ(result["version_id"], "13");
  EXPECT_EQ(result["bootable"], true);
  EXPECT_EQ(result["missing"], (json::Value{"dbus", "login"}));
  EXPECT_EQ(result["warning"], "");
  EXPECT_FALSE(result.contains("next"));
  EXPECT_EQ(content(in_layer(layer, "usr/lib/systemd/systemd")), "ELF");
  EXPECT_EQ(layer::measure_of(os::Dir::open(in_layer(layer, ".."))).entries, 5U);
}

TEST_F(Import, SaysWhatIsToBeInstalled) {
  for (const auto* const install : {"auto", "yes"}) {
    const auto result = result_of(import(os::sealed_memory(guest(), "data"), {{"install", install}}));
    EXPECT_EQ(result["next"], "provision");
  }
  const auto unknown = os::sealed_memory(file("bin/sh") + kEndMark, "data");
  const auto result = result_of(import(unknown, {{"install", "auto"}}));
  EXPECT_FALSE(result.contains("next"));
  EXPECT_THAT(result["warning"].get<std::string>(), HasSubstr("systemd, dbus, login is missing"));
  lseek(unknown.get(), 0, SEEK_SET);
  EXPECT_THAT(failure_of(import(unknown, {{"install", "yes"}}), "NotSupported"), HasSubstr("os-release"));
}

TEST_F(Import, KeepsFilesThatALayerWouldNotHave) {
  const auto stream = file("etc/.wh.kept", "x") + kEndMark;
  const auto layer = result_of(import(os::sealed_memory(stream, "data")))["layers"][0];
  EXPECT_EQ(content(in_layer(layer, "etc/.wh.kept")), "x");
  EXPECT_EQ(layer["diff_id"], oci::Digest::of(stream).str());
  EXPECT_EQ(layer["id"], std::string(oci::Digest::of("literal " + oci::Digest::of(stream).str()).hex()));
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
    const auto run = import_piped(guest(), {{"size_hint", hint}});
    ASSERT_TRUE(run.result.contains("result")) << run.result;
    EXPECT_EQ(run.packets.front()["progress"], hint == 0 ? -1.0 : 0.0);
    EXPECT_EQ(run.packets.front()["bytes_total"], hint);
  }
}

TEST_F(Import, HandsOnWhyNot) {
  EXPECT_THAT(failure_of(import(os::sealed_memory(guest().substr(0, 2048), "data")), "Corrupt"),
              HasSubstr("truncated"));
  failure_of(import(os::sealed_memory(guest(), "data"), {{"limits", {{"bytes", 1024}, {"entries", 100}}}}),
             "LimitExceeded");
  failure_of(import(os::sealed_memory("neither", "data")), "UnsupportedFormat");
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
  const auto run = run_verb(image::run_trash, {{"trash", {dir_ / "trash"}}}, dir_ / "out");
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
