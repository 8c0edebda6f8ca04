// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMiB = 1024 * 1024;

// A job that tells of itself, second by second.
class ProgressTest : public testing::Test {
 protected:
  void tell(milliseconds after, const std::string& phase, double fraction, std::uint64_t done, std::uint64_t total) {
    job_.update({{"Phase", sdbus::Variant(phase)},
                 {"Progress", sdbus::Variant(fraction)},
                 {"BytesDone", sdbus::Variant(done)},
                 {"BytesTotal", sdbus::Variant(total)}},
                start_ + after);
  }
  // Ten seconds of 10 MiB each, half of it all.
  void tell_half() {
    for (int second = 0; second <= 10; ++second) {
      tell(seconds(second), "unpack", 0.05 * second, 10 * kMiB * static_cast<std::uint64_t>(second), 200 * kMiB);
    }
  }
  std::string bar(milliseconds after, std::size_t columns = 200) const { return job_.bar(start_ + after, columns); }
  std::string line(milliseconds after) const { return job_.line(start_ + after); }

  const JobProgress::Clock::time_point start_{std::chrono::hours(1)};
  JobProgress job_{.verb = "import", .name = "web", .since = start_};
};

TEST_F(ProgressTest, WholeBar) {
  tell_half();
  EXPECT_EQ(bar(seconds(10)),
            "import web: unpack  [============>           ]  50%  100 MiB of 200 MiB  10 MiB/s  0:10 left");
}

TEST_F(ProgressTest, Line) {
  tell_half();
  EXPECT_EQ(line(seconds(10)), "import web: unpack  50%  100 MiB of 200 MiB  10 MiB/s  0:10 left");
  EXPECT_EQ((JobProgress{.verb = "stop", .name = "web"}).line(start_), "stop web");
}

TEST_F(ProgressTest, NoGuessesAtFirst) {
  tell(seconds(0), "unpack", 0, 0, 500 * kMiB);
  tell(seconds(1), "unpack", 0.01, 5 * kMiB, 500 * kMiB);
  const auto text = bar(seconds(1));
  EXPECT_THAT(text, Not(HasSubstr("left")));
  EXPECT_THAT(text, Not(HasSubstr("/s")));
  EXPECT_THAT(text, HasSubstr("0:01"));
}

TEST_F(ProgressTest, WhatTheCacheHadIsNoSpeed) {
  tell(seconds(0), "fetch", 0, 0, 500 * kMiB);
  tell(milliseconds(200), "fetch", 0.8, 400 * kMiB, 500 * kMiB);
  for (int second = 1; second <= 5; ++second) {
    tell(seconds(second), "fetch", 0.8 + 0.02 * second, kMiB * (400 + 10 * static_cast<std::uint64_t>(second)),
         500 * kMiB);
  }
  EXPECT_THAT(bar(seconds(5)), HasSubstr("450 MiB of 500 MiB  10 MiB/s  0:05 left"));
}

TEST_F(ProgressTest, APhaseHasItsOwnPace) {
  tell_half();
  tell(seconds(10), "install", 0.5, 0, 50 * kMiB);
  EXPECT_EQ(bar(seconds(11)), "import web: install  [============>           ]  50%  0:11");
  for (int second = 11; second <= 14; ++second) {
    tell(seconds(second), "install", 0.5 + 0.01 * (second - 10), kMiB * static_cast<std::uint64_t>(second - 10),
         50 * kMiB);
  }
  EXPECT_THAT(bar(seconds(14)), HasSubstr("4.0 MiB of 50 MiB  1.0 MiB/s  0:46 left"));
}

TEST_F(ProgressTest, AStallHasNoEnd) {
  tell_half();
  const auto text = bar(seconds(30));
  EXPECT_THAT(text, HasSubstr("  0 B/s  0:30"));
  EXPECT_THAT(text, Not(HasSubstr("left")));
}

TEST_F(ProgressTest, NoSpeedOfWhatIsAllThere) {
  tell_half();
  tell(seconds(11), "unpack", 0.9, 200 * kMiB, 200 * kMiB);
  EXPECT_THAT(bar(seconds(12)), Not(HasSubstr("/s")));
}

TEST_F(ProgressTest, UnknownIsNoBar) {
  tell(seconds(0), "boot", -1, 0, 0);
  EXPECT_EQ(bar(seconds(3)), "import web: boot  0:03");
  tell(seconds(4), "unpack", -1, 3 * kMiB, 0);
  EXPECT_EQ(bar(seconds(5)), "import web: unpack  3.0 MiB  0:05");
}

TEST_F(ProgressTest, Full) {
  tell(seconds(0), "unpack", 1, kMiB, kMiB);
  EXPECT_THAT(bar(seconds(3)), HasSubstr("[========================] 100%"));
  tell(seconds(1), "unpack", 1.5, kMiB, kMiB);
  EXPECT_THAT(bar(seconds(3)), HasSubstr("100%"));
}

TEST_F(ProgressTest, TheBarMakesRoom) {
  tell_half();
  EXPECT_EQ(bar(seconds(10), 80), "import web: unpack  [======>     ]  50%  100 MiB of 200 MiB  10 MiB/s  0:10 left");
  EXPECT_EQ(bar(seconds(10), 73), "import web: unpack  50%  100 MiB of 200 MiB  10 MiB/s  0:10 left");
  EXPECT_EQ(bar(seconds(10), 20).size(), 20U);
  EXPECT_EQ(bar(seconds(10), 0), "");
}

TEST_F(ProgressTest, BothSpellings) {
  job_.update({{"phase", sdbus::Variant(std::string("unpack"))}, {"bytes-done", sdbus::Variant(std::uint64_t{5})}},
              start_);
  EXPECT_EQ(job_.phase, "unpack");
  EXPECT_EQ(job_.bytes_done, 5U);
  job_.update({{"Phase", sdbus::Variant(std::string("sync"))}, {"BytesTotal", sdbus::Variant(std::uint64_t{9})}},
              start_);
  EXPECT_EQ(job_.phase, "sync");
  EXPECT_EQ(job_.bytes_done, 5U);
  EXPECT_EQ(job_.bytes_total, 9U);
}

TEST_F(ProgressTest, PhasesDriveNoTerminal) {
  tell(seconds(0), "\033[2J", -1, 0, 0);
  EXPECT_THAT(bar(seconds(0)), Not(HasSubstr("\033")));
  EXPECT_THAT(line(seconds(0)), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace sdme::client
