// SPDX-License-Identifier: MIT
#include "bus/usage.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace sdme::bus {
namespace {

std::uint64_t number(const Description& usage, const char* key) { return usage.at(key).get<std::uint64_t>(); }

TEST(Usage, IsWhatTheFilesSay) {
  const test::TempDir temp;
  const auto file = [&](const char* name, const std::string& text) {
    test::put(temp / ("u.service/" + std::string(name)), text);
  };
  file("cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n");
  file("memory.current", "4096\n");
  file("memory.max", "max\n");
  file("pids.current", "7\n");
  file("pids.max", "100\n");
  file("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n8:16 rbytes=5 wbytes=0\n7:0 \n");
  const auto usage = usage_of_unit("u.service", temp / "");
  EXPECT_EQ(number(usage, "cpu-usec"), 1234U);
  EXPECT_EQ(number(usage, "memory"), 4096U);
  EXPECT_FALSE(usage.contains("memory-max")) << "no limit";
  EXPECT_FALSE(usage.contains("swap")) << "not counted here";
  EXPECT_EQ(number(usage, "tasks"), 7U);
  EXPECT_EQ(number(usage, "tasks-max"), 100U);
  EXPECT_EQ(number(usage, "io-read"), 15U);
  EXPECT_EQ(number(usage, "io-written"), 20U);
}

TEST(Usage, OfWhatIsGoneIsNothing) {
  const test::TempDir temp;
  EXPECT_TRUE(usage_of_unit("u.service", temp / "").empty());
  EXPECT_TRUE(usage_of_unit("u.service", temp / "none").empty());
}

}  // namespace
}  // namespace sdme::bus
