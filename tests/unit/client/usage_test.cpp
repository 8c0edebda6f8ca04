// SPDX-License-Identifier: MIT
#include "usage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::client {
namespace {

using testing::HasSubstr;

Dict reading(std::uint64_t time, std::uint64_t cpu) {
  return {{"name", sdbus::Variant(std::string("web"))},
          {"state", sdbus::Variant(std::string("running"))},
          {"time-usec", sdbus::Variant(time)},
          {"cpu-usec", sdbus::Variant(cpu)},
          {"memory", sdbus::Variant(std::uint64_t{1} << 20U)}};
}

double percent(const std::vector<Dict>& usage) { return value_of<double>(usage.front(), "cpu-percent", -1); }

TEST(Usage, RatesTakeTwoReadingsOfOneStart) {
  EXPECT_DOUBLE_EQ(percent(with_rates({reading(2'000'000, 1'500'000)}, {reading(1'000'000, 0)})), 150);
  EXPECT_EQ(percent(with_rates({reading(2'000'000, 5)}, {})), -1);
  EXPECT_EQ(percent(with_rates({reading(2'000'000, 5)}, {reading(1'000'000, 100)})), -1) << "it was started again";
  EXPECT_EQ(percent(with_rates({reading(1'000'000, 5)}, {reading(1'000'000, 1)})), -1);
}

TEST(Usage, WhatIsNotCountedIsADash) {
  const auto text = usage_table({reading(1, 1)}).text({.legend = false, .colours = false});
  EXPECT_THAT(text, HasSubstr("1.0 MiB"));
  EXPECT_THAT(text, HasSubstr("- / -"));
}

}  // namespace
}  // namespace sdme::client
