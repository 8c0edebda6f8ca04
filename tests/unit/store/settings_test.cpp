// SPDX-License-Identifier: MIT
#include "store/settings.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "store/ini.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {

using std::chrono::seconds;
using test::put;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only files of root are read, and this user cannot make one";
  }

  Settings read() const { return Settings::read(files_); }
  // Of a file with this text alone.
  Settings of(const std::string& text) const {
    put(files_.file, text);
    return read();
  }

  test::TempDir temp_;
  SettingsFiles files_ = {
      .vendor = temp_ / "usr", .file = temp_ / "etc/sdmed.conf", .drop_ins = temp_ / "etc/sdmed.conf.d"};
};

TEST_F(SettingsTest, NothingIsNeeded) {
  const auto settings = read();
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(settings.import_max_bytes, 53'687'091'200U);
  EXPECT_EQ(settings.import_max_entries, 10'000'000U);
  EXPECT_EQ(settings.import_max_time, seconds(21'600));
  EXPECT_EQ(settings.boot_timeout, seconds(60));
  EXPECT_EQ(settings.idle_exit, seconds(30));
  EXPECT_THAT(settings.opaque_dirs, ElementsAre("/etc/systemd/system", "/var/log"));
}

TEST_F(SettingsTest, ReadsEverySetting) {
  const auto settings = of(R"(
[Import]
ImportMaxBytes=2G
ImportMaxEntries=5K
ImportMaxSec=1h 30min
[Boot]
BootTimeoutSec=2min
StopTimeoutGracefulSec=100
StopTimeoutTerminateSec = 20 s
StopTimeoutKillSec=5s
[HostClone]
OpaqueDirs=/srv, /var/cache  /opt
MaskedServices=a.service,b.timer
[Limits]
JobsRunning=1
JobsQueued=0
JobsPerUser=2
SessionsPerUser=3
PromptsPerUser=4
PromptsTotal=5
PeersPerUser=6
[Daemon]
IdleExitSec=0
[Worker]
WorkerMemoryMax=512M
)");
  EXPECT_THAT(settings.warnings,
              ElementsAre(AllOf(HasSubstr("StopTimeoutTerminateSec=20 s"), HasSubstr("is ignored"))));
  EXPECT_EQ(settings.import_max_bytes, 2U << 30U);
  EXPECT_EQ(settings.import_max_entries, 5'000U);
  EXPECT_EQ(settings.import_max_time, seconds(5'400));
  EXPECT_EQ(settings.boot_timeout, seconds(120));
  EXPECT_EQ(settings.stop_timeout_graceful, seconds(100));
  EXPECT_EQ(settings.stop_timeout_terminate, seconds(30));
  EXPECT_EQ(settings.stop_timeout_kill, seconds(5));
  EXPECT_THAT(settings.opaque_dirs, ElementsAre("/srv", "/var/cache", "/opt"));
  EXPECT_THAT(settings.masked_services, ElementsAre("a.service", "b.timer"));
  EXPECT_EQ(settings.jobs_running, 1U);
  EXPECT_EQ(settings.jobs_queued, 0U);
  EXPECT_EQ(settings.jobs_per_user, 2U);
  EXPECT_EQ(settings.sessions_per_user, 3U);
  EXPECT_EQ(settings.prompts_per_user, 4U);
  EXPECT_EQ(settings.prompts_total, 5U);
  EXPECT_EQ(settings.peers_per_user, 6U);
  EXPECT_EQ(settings.idle_exit, seconds(0));
  EXPECT_EQ(settings.worker_memory_max, 512U << 20U);
}

TEST_F(SettingsTest, EmptyListsAreEmpty) {
  const auto settings = of("[HostClone]\nOpaqueDirs=\nMaskedServices = , ,\n");
  EXPECT_THAT(settings.opaque_dirs, IsEmpty());
  EXPECT_THAT(settings.masked_services, IsEmpty());
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST_F(SettingsTest, OddNumbersAreIgnoredWithAWarning) {
  for (const auto* value : {"", "x", "-1", "+1", "1.5G", "0", "1023K", "2000T", "1GG", "1 G", "G",
                            "99999999999999999999", "0x10", "18446744073709551615T", "1G\x01", "1g", "1KB"}) {
    const auto settings = of("[Import]\nImportMaxBytes=" + std::string(value) + "\n");
    EXPECT_EQ(settings.import_max_bytes, Settings{}.import_max_bytes) << value;
    EXPECT_THAT(settings.warnings,
                ElementsAre(AllOf(HasSubstr(files_.file), HasSubstr("is not a size from 1M to 1024T"))))
        << value;
  }
}

TEST_F(SettingsTest, OddTimesAreIgnoredWithAWarning) {
  for (const auto* value :
       {"", "0", "2d", "1h 24h", "-5", "5 min", "min", "1min 30", "infinity", "1.5h", "9999999999999999999d"}) {
    const auto settings = of("[Boot]\nBootTimeoutSec=" + std::string(value) + "\n");
    const bool sum_without_unit = value == std::string("1min 30");
    EXPECT_EQ(settings.boot_timeout, sum_without_unit ? seconds(90) : seconds(60)) << value;
    EXPECT_THAT(settings.warnings, SizeIs(sum_without_unit ? 0 : 1)) << value;
  }
  EXPECT_THAT(of("[Boot]\nBootTimeoutSec=2d\n").warnings, ElementsAre(HasSubstr("is not a time from 1s to 1d")));
}

TEST_F(SettingsTest, OddListsAreIgnoredAsAWhole) {
  auto settings = of("[HostClone]\nOpaqueDirs=/srv ../etc\nMaskedServices=a.service nonsense\n");
  EXPECT_THAT(settings.opaque_dirs, ElementsAre("/etc/systemd/system", "/var/log"));
  EXPECT_THAT(settings.masked_services, ElementsAre("systemd-resolved.service"));
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("'../etc' must be an absolute path"), HasSubstr("'nonsense'")));
  std::string many = "[HostClone]\n";
  many += "OpaqueDirs=";
  for (int i = 0; i < 65; ++i) many += "/a ";
  settings = of(many);
  EXPECT_THAT(settings.warnings, SizeIs(1));
}

TEST_F(SettingsTest, UnknownThingsAreNamed) {
  const auto settings =
      of("Loose=1\n[Import]\nimportmaxbytes=1G\n[Boo\nt]\n[Jobs]\nMax=1\n[Limits]\nJobsRunning=3\nnonsense\n");
  EXPECT_EQ(settings.jobs_running, 3U) << "the rest of the file counts";
  EXPECT_THAT(settings.warnings,
              ElementsAre(HasSubstr("no section '[]'"), HasSubstr("no setting 'importmaxbytes' in section [Import]"),
                          HasSubstr("no section '[Jobs]'"), HasSubstr("line 4 is neither")));
}

TEST_F(SettingsTest, WarningsAreOneSafeLine) {
  const auto settings =
      of("[Imp\x1b]\nA\xff=1\n[Import]\nImportMaxBytes=\x1b[31m\xff" + std::string(150, 'x') + "\n\x01=2\n");
  for (const auto& warning : settings.warnings) {
    EXPECT_TRUE(std::ranges::all_of(warning, [](unsigned char c) { return c >= 0x20 && c < 0x7F; })) << warning;
  }
  EXPECT_THAT(settings.warnings, SizeIs(3));
}

TEST_F(SettingsTest, LaterFilesWin) {
  put(files_.file, "[Limits]\nJobsRunning=1\nJobsQueued=1\nJobsPerUser=1\nPeersPerUser=1\n");
  put(files_.vendor + "/50-b.conf", "[Limits]\nJobsQueued=2\nJobsPerUser=2\n");
  put(files_.drop_ins + "/60-c.conf", "[Limits]\nJobsPerUser=3\n");
  put(files_.drop_ins + "/10-a.conf", "[Limits]\nJobsQueued=4\nJobsPerUser=4\n");
  put(files_.drop_ins + "/99-not-conf", "[Limits]\nJobsPerUser=5\n");
  put(files_.drop_ins + "/.99-hidden.conf", "[Limits]\nJobsPerUser=6\n");
  const auto settings = read();
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(settings.jobs_running, 1U);
  EXPECT_EQ(settings.jobs_queued, 2U) << "by name, whichever the directory";
  EXPECT_EQ(settings.jobs_per_user, 3U);
  EXPECT_EQ(settings.peers_per_user, 1U);
}

TEST_F(SettingsTest, AnInvalidLaterValueLeavesTheEarlierOne) {
  put(files_.file, "[Limits]\nJobsRunning=3\nJobsRunning=x\n");
  put(files_.drop_ins + "/a.conf", "[Limits]\nJobsRunning=0\n");
  const auto settings = read();
  EXPECT_EQ(settings.jobs_running, 3U);
  EXPECT_THAT(settings.warnings, SizeIs(2));
}

TEST_F(SettingsTest, AdministratorReplacesAVendorsFile) {
  put(files_.vendor + "/a.conf", "[Limits]\nJobsRunning=2\n");
  put(files_.vendor + "/b.conf", "[Limits]\nJobsQueued=2\n");
  put(files_.drop_ins + "/a.conf", "[Limits]\nJobsPerUser=3\n");
  ASSERT_EQ(symlink("/dev/null", (files_.drop_ins + "/b.conf").c_str()), 0);
  const auto settings = read();
  EXPECT_EQ(settings.jobs_running, Settings{}.jobs_running);
  EXPECT_EQ(settings.jobs_queued, Settings{}.jobs_queued);
  EXPECT_EQ(settings.jobs_per_user, 3U);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST_F(SettingsTest, OnlyFilesOfRootAreRead) {
  put(files_.file, "[Limits]\nJobsRunning=3\n");
  ASSERT_EQ(chmod(files_.file.c_str(), 0666), 0);
  EXPECT_THAT(read().warnings, ElementsAre(AllOf(HasSubstr(files_.file), HasSubstr("others than root may write"))));
  EXPECT_EQ(read().jobs_running, 8U);
  ASSERT_EQ(chmod(files_.file.c_str(), 0644), 0);
  EXPECT_EQ(read().jobs_running, 3U);
  ASSERT_EQ(chown(files_.file.c_str(), 0, 1000), 0);
  ASSERT_EQ(chmod(files_.file.c_str(), 0664), 0);
  EXPECT_THAT(read().warnings, SizeIs(1));
  ASSERT_EQ(chown(files_.file.c_str(), 0, 0), 0);
  EXPECT_EQ(read().jobs_running, 3U) << "the group of root is root";
  ASSERT_EQ(chown(files_.file.c_str(), 1000, 0), 0);
  EXPECT_THAT(read().warnings, ElementsAre(HasSubstr("not owned by root")));
}

TEST_F(SettingsTest, OddFilesAreRefusedAndNobodyWaits) {
  std::filesystem::create_directories(files_.drop_ins + "/dir.conf");
  ASSERT_EQ(mkfifo((files_.drop_ins + "/fifo.conf").c_str(), 0600), 0);
  ASSERT_EQ(symlink("loop.conf", (files_.drop_ins + "/loop.conf").c_str()), 0);
  put(files_.drop_ins + "/large.conf", std::string(2U << 20U, '\n'));
  put(files_.drop_ins + "/zero.conf", std::string("[Limits]\nJobsQueued=1\0\n", 23) + "JobsRunning=3\n");
  const auto settings = read();
  EXPECT_EQ(settings.jobs_running, 3U);
  EXPECT_EQ(settings.jobs_queued, 64U);
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("dir.conf is not read"), HasSubstr("fifo.conf is not read"),
                                             HasSubstr("large.conf is not read"), HasSubstr("loop.conf is not read"),
                                             HasSubstr("zero.conf: line 2 is not text")));
}

TEST_F(SettingsTest, ADirectoryThatIsAFileIsAWarning) {
  put(files_.drop_ins, "");
  EXPECT_THAT(read().warnings, ElementsAre(HasSubstr(files_.drop_ins)));
}

TEST_F(SettingsTest, GarbageIsNeverMoreThanWarnings) {
  std::uint32_t state = 1;
  for (int round = 0; round < 300; ++round) {
    std::string garbage;
    for (int i = 0; i < 400; ++i) {
      state = state * 1664525 + 1013904223;
      constexpr std::string_view kLikely = "[]=;#\n \tImportMaxBytesLimits\0\xff\r1G";
      garbage += kLikely[(state >> 16U) % kLikely.size()];
    }
    of(garbage);
  }
}

// What the library would do with long and indented lines is not what it says in sdmed.conf(5).
TEST(ParseIni, LinesStandForThemselves) {
  std::vector<std::string> faults;
  const auto lines = parse_ini("# c\n; c\n[a]\n  k = v ; c\n\tindented=1\nurl=a;b#c=d\r\nempty=\n=x\n" +
                                   std::string(5000, '#') + "\n" + "nonsense\n  [b]\nlast=1",
                               faults);
  std::vector<std::string> shown;
  for (const auto& line : lines) shown.push_back(line.section + "|" + line.key + "|" + line.value);
  EXPECT_THAT(shown, ElementsAre("a|k|v", "a|indented|1", "a|url|a;b#c=d", "a|empty|", "a||x", "b|last|1"));
  EXPECT_THAT(faults, ElementsAre(HasSubstr("line 10 is neither")));
}

TEST(ParseIni, LinesAreAsLongAsTheyLike) {
  std::string value;
  for (int i = 1; i < 2000; ++i) value += i % 14 == 0 ? ' ' : i % 7 == 0 ? ';' : i % 11 == 0 ? '#' : 'a';
  for (std::size_t length = 150; length < 1000; ++length) {
    std::vector<std::string> faults;
    const auto text = "[a]\nbefore=1\nlong=" + value.substr(0, length) + "x\nnonsense\nafter=1\n";
    const auto lines = parse_ini(text, faults);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].key, "long");
    EXPECT_EQ(lines[1].value, value.substr(0, length) + "x");
    EXPECT_EQ(lines[2].value, "1");
    EXPECT_THAT(faults, ElementsAre(HasSubstr("line 4 is neither")));
  }
}

TEST(ParseIni, LongNonsenseIsNonsense) {
  std::vector<std::string> faults;
  const auto filler = std::string(1000, 'x');
  auto lines = parse_ini("[a]\nbefore=1\n[" + filler + "\nafter=1\n", faults);
  EXPECT_THAT(faults, ElementsAre(HasSubstr("line 3 is neither")));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].value, "1");
  faults.clear();
  lines = parse_ini("[a]\nbefore=1\n" + filler + "\nafter=1 ; " + filler + "\n", faults);
  EXPECT_THAT(faults, ElementsAre(HasSubstr("line 3 is neither")));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].value, "1");
  EXPECT_EQ(lines[1].value, "1");
}

TEST_F(SettingsTest, ListsMayBeLong) {
  std::string text = "[HostClone]\nOpaqueDirs=/a";
  for (int i = 0; i < 63; ++i)
    text += ", /srv/" + std::string(static_cast<std::size_t>(i) * 4, 'd') + std::to_string(i);
  const auto settings = of(text + "\n");
  EXPECT_THAT(settings.warnings, IsEmpty());
  ASSERT_THAT(settings.opaque_dirs, SizeIs(64));
  EXPECT_EQ(settings.opaque_dirs[63], "/srv/" + std::string(248, 'd') + "62");
}

TEST_F(SettingsTest, SampleShowsEverySettingAndItsDefault) {
  std::string uncommented;
  std::set<std::string> shown;
  for (auto& line : text::split(test::content(SAMPLE), '\n')) {
    const auto key = line.substr(0, line.find('='));
    const bool setting =
        key.size() > 1 && key.size() < line.size() && key[0] == '#' && key.find(' ') == std::string::npos;
    if (setting) shown.insert(key.substr(1));
    uncommented += (setting ? line.substr(1) : line) + "\n";
  }
  std::set<std::string> known;
  for (const auto& row : setting_rows()) known.insert(row.key);
  EXPECT_EQ(shown, known);
  const auto settings = of(uncommented);
  EXPECT_THAT(settings.warnings, IsEmpty());
  const Settings defaults;
  for (const auto& row : setting_rows()) {
    std::visit([&](auto member) { EXPECT_EQ(settings.*member, defaults.*member) << row.key; }, row.member);
  }
}

}  // namespace sdme::store
