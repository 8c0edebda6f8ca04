// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::client {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMiB = 1024 * 1024;

JobProgress import_at(double fraction, std::uint64_t done, std::uint64_t total) {
  return {.verb = "import",
          .name = "web",
          .phase = "unpack",
          .fraction = fraction,
          .bytes_done = done,
          .bytes_total = total};
}

std::string bar(const JobProgress& job, seconds after, std::size_t columns = 200) {
  return job.bar(job.since + after, columns);
}

TEST(Progress, WholeBar) {
  EXPECT_EQ(bar(import_at(0.5, 100 * kMiB, 200 * kMiB), seconds(10)),
            "import web: unpack  [============>           ]  50%  100 MiB of 200 MiB  10 MiB/s  0:10 left");
}

TEST(Progress, NoGuessesAtFirst) {
  const auto text = bar(import_at(0.01, 5 * kMiB, 500 * kMiB), seconds(1));
  EXPECT_THAT(text, Not(HasSubstr("left")));
  EXPECT_THAT(text, Not(HasSubstr("/s")));
  EXPECT_THAT(text, HasSubstr("0:01"));
}

TEST(Progress, UnknownIsNoBar) {
  EXPECT_EQ(bar({.verb = "start", .name = "web", .phase = "boot"}, seconds(3)), "start web: boot  0:03");
  EXPECT_EQ(bar(import_at(-1, 3 * kMiB, 0), seconds(1)), "import web: unpack  3.0 MiB  0:01");
}

TEST(Progress, Full) {
  EXPECT_THAT(bar(import_at(1, kMiB, kMiB), seconds(3)), HasSubstr("[========================] 100%"));
  auto job = import_at(0, 0, 0);
  job.update({{"Progress", sdbus::Variant(1.5)}});
  EXPECT_THAT(bar(job, seconds(3)), HasSubstr("100%"));
}

TEST(Progress, FitsTheTerminal) {
  EXPECT_EQ(bar(import_at(0.5, kMiB, 2 * kMiB), seconds(9), 20).size(), 20U);
  EXPECT_EQ(bar(import_at(0.5, kMiB, 2 * kMiB), seconds(9), 0), "");
}

TEST(Progress, Line) {
  EXPECT_EQ(import_at(0.5, 100 * kMiB, 200 * kMiB).line(), "import web: unpack  50%  100 MiB of 200 MiB");
  EXPECT_EQ((JobProgress{.verb = "stop", .name = "web"}).line(), "stop web");
}

TEST(Progress, BothSpellings) {
  JobProgress job;
  job.update({{"phase", sdbus::Variant(std::string("unpack"))}, {"bytes-done", sdbus::Variant(std::uint64_t{5})}});
  EXPECT_EQ(job.phase, "unpack");
  EXPECT_EQ(job.bytes_done, 5U);
  job.update({{"Phase", sdbus::Variant(std::string("sync"))}, {"BytesTotal", sdbus::Variant(std::uint64_t{9})}});
  EXPECT_EQ(job.phase, "sync");
  EXPECT_EQ(job.bytes_done, 5U);
  EXPECT_EQ(job.bytes_total, 9U);
}

TEST(Progress, PhasesDriveNoTerminal) {
  auto job = import_at(-1, 0, 0);
  job.phase = "\033[2J";
  EXPECT_THAT(bar(job, seconds(0)), Not(HasSubstr("\033")));
  EXPECT_THAT(job.line(), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace sdme::client
