// SPDX-License-Identifier: MIT
#include "machine/last_words.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace sdme::machine {
namespace {

TEST(LastWords, SentenceComesFirstAndTheRestBelow) {
  EXPECT_EQ(to_message({.why = "it fell"}), "it fell");
  EXPECT_EQ(
      to_message({.why = "it fell", .failed_units = {"a", "b"}, .running_jobs = {"c/start"}, .lines = {"x", "y"}}),
      "it fell\nFailed units: a, b\nStill waiting for: c/start\nLast log lines:\n  x\n  y");
}

TEST(LastWords, HostWithoutInotifyInstancesIsNamed) {
  const auto said = to_message({.why = "it fell", .lines = {"Failed to create inotify object: Too many open files"}});
  EXPECT_TRUE(said.starts_with("it fell: the containers of this host have used up its inotify instances;"));
  EXPECT_EQ(to_message({.why = "it fell", .lines = {"Too many open files"}}).find("inotify"), std::string::npos);
}

TEST(WhyEnded, SdmeInitIsBelieved) {
  EXPECT_EQ(
      why_ended({.result = "exit-code", .status_text = "there is no init", .exit_code = CLD_EXITED, .exit_status = 1}),
      "there is no init");
}

TEST(WhyEnded, StatusOfNspawnIsNoReason) {
  const auto why = why_ended(
      {.result = "exit-code", .status_text = "Container running: Ready.", .exit_code = CLD_EXITED, .exit_status = 3});
  EXPECT_NE(why.find("status 3"), std::string::npos);
}

TEST(WhyEnded, PowerOffMemoryAndSignalsAreNamed) {
  EXPECT_NE(why_ended({.result = "protocol", .exit_code = CLD_EXITED}).find("powered itself off"), std::string::npos);
  EXPECT_NE(why_ended({.result = "oom-kill", .exit_code = CLD_KILLED, .exit_status = SIGKILL}).find("memory"),
            std::string::npos);
  EXPECT_NE(why_ended({.result = "signal", .exit_code = CLD_KILLED, .exit_status = SIGSEGV}).find("signal 11"),
            std::string::npos);
  EXPECT_NE(why_ended({.result = "resources"}).find("resources"), std::string::npos);
}

TEST(WhyEnded, UnitThatNeverRanIsNoFailureOfTheGuest) {
  EXPECT_NE(why_ended({.result = "success"}).find("needs"), std::string::npos);
}

}  // namespace
}  // namespace sdme::machine
