// SPDX-License-Identifier: MIT
#include "pace.hpp"

#include <gtest/gtest.h>

namespace sdme::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PaceTest : public testing::Test {
 protected:
  void at(milliseconds time, double value) { pace_.add(start_ + time, value); }
  // Negative where nothing is known.
  double seen(milliseconds time) const { return pace_.per_second(start_ + time).value_or(-1); }

  const Pace::Clock::time_point start_{std::chrono::hours(1)};
  Pace pace_;
};

TEST_F(PaceTest, Steady) {
  for (int tenth = 0; tenth <= 50; ++tenth) at(milliseconds(100 * tenth), 10.0 * tenth);
  EXPECT_NEAR(seen(seconds(5)), 100, 1);
}

TEST_F(PaceTest, SaysNothingAtFirst) {
  EXPECT_EQ(seen(seconds(9)), -1);
  at(milliseconds(0), 0);
  at(milliseconds(1500), 100);
  EXPECT_EQ(seen(milliseconds(1900)), -1);
  EXPECT_GT(seen(milliseconds(2000)), 0);
}

TEST_F(PaceTest, WhatWasThereBeforeIsNoSpeed) {
  at(milliseconds(0), 0);
  at(milliseconds(300), 500);
  at(milliseconds(900), 1000);
  for (int second = 2; second <= 5; ++second) at(seconds(second), 1000 + 10.0 * (second - 1));
  EXPECT_NEAR(seen(seconds(5)), 10, 1);
}

TEST_F(PaceTest, BurstsEvenOut) {
  for (int tenth = 0; tenth <= 300; tenth += 5) {
    if (tenth % 20 == 0) at(milliseconds(100 * tenth), 5.0 * tenth);
    if (tenth >= 100) {
      EXPECT_NEAR(seen(milliseconds(100 * tenth)), 50, 15) << tenth;
    }
  }
}

TEST_F(PaceTest, OnlyTheLastSecondsCount) {
  for (int second = 0; second <= 60; ++second) at(seconds(second), 1000.0 * second);
  for (int second = 61; second <= 75; ++second) at(seconds(second), 60'000 + 10.0 * (second - 60));
  EXPECT_NEAR(seen(seconds(75)), 10, 0.1);
}

TEST_F(PaceTest, AStallShows) {
  for (int second = 0; second <= 20; ++second) at(seconds(second), 100.0 * second);
  EXPECT_NEAR(seen(seconds(20)), 100, 1);
  EXPECT_NEAR(seen(seconds(25)), 50, 10);
  EXPECT_EQ(seen(seconds(31)), 0);
}

TEST_F(PaceTest, SeldomSamples) {
  at(seconds(0), 0);
  at(seconds(8), 800);
  EXPECT_NEAR(seen(seconds(8)), 100, 1);
}

TEST_F(PaceTest, ARestartForgets) {
  for (int second = 0; second <= 20; ++second) at(seconds(second), 100.0 * second);
  pace_.restart(start_ + seconds(20));
  at(seconds(20), 7);
  EXPECT_EQ(seen(seconds(21)), -1);
  at(seconds(25), 57);
  EXPECT_NEAR(seen(seconds(25)), 10, 0.1);
}

TEST_F(PaceTest, NeverBackwards) {
  at(seconds(0), 100);
  at(seconds(5), 50);
  EXPECT_EQ(seen(seconds(5)), 0);
}

}  // namespace
}  // namespace sdme::client
