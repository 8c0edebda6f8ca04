// SPDX-License-Identifier: MIT
#include "job_waiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "batch.hpp"
#include "client/fake_manager.hpp"
#include "commands/start.hpp"

namespace sdme::client {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Ended {
  int status;
  std::string out;
  std::string err;
};

// The verb against the fake, and the signals that reach it once it waits.
class JobWaiterTest : public testing::Test {
 protected:
  Ended start(const std::vector<std::string>& names, Globals globals = {}, std::vector<int> signals = {}) {
    globals.address = manager_.address();
    globals.ask_password = false;
    Client client(globals);
    Start verb;
    verb.names.names = names;
    std::size_t sent = 0;
    // One at a time: the next when the one before has been answered.
    Loop::Tick tick(client.loop, pace_, [&] {
      const bool answered = static_cast<std::size_t>(manager_.cancels()) >= sent;
      if (sent < signals.size() && manager_.is_waited_for() && answered) ::raise(signals[sent++]);
    });
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int status = 0;
    try {
      status = verb.run(client);
    } catch (const Interrupted& interrupted) {
      status = interrupted.exit_status();
    }
    return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }

  std::chrono::milliseconds pace_{20};
  FakeManager manager_;
};

TEST_F(JobWaiterTest, NamesOfThoseThatWentWell) {
  const auto ended = start({"good"});
  EXPECT_EQ(ended.status, exit_code::kDone);
  EXPECT_EQ(ended.out, "good\n");
  EXPECT_EQ(ended.err, "");
}

TEST_F(JobWaiterTest, OneThatFailsDoesNotHoldUpTheOthers) {
  const auto ended = start({"bad", "denied", "go", "nothing", "good"});
  EXPECT_EQ(ended.status, exit_code::kFailed);
  EXPECT_EQ(ended.out, "good\n");
  EXPECT_THAT(ended.err, HasSubstr("sdmectl: bad did not come up\n"));
  EXPECT_THAT(ended.err, HasSubstr("sdmectl: not authorised\n"));
  EXPECT_THAT(ended.err, HasSubstr("no container is called 'nothing'"));
  EXPECT_THAT(ended.err, HasSubstr("sdmectl: 3 of 4 failed\n"));
}

TEST_F(JobWaiterTest, TheFirstFailureGivesTheStatus) {
  EXPECT_EQ(start({"denied", "bad", "good"}).status, exit_code::kNotAuthorised);
}

TEST_F(JobWaiterTest, AmbiguousPrefix) {
  const auto ended = start({"de"});
  EXPECT_EQ(ended.status, exit_code::kUsage);
  EXPECT_THAT(ended.err, HasSubstr("deaf, denied"));
}

TEST_F(JobWaiterTest, AsJson) {
  const auto ended = start({"good", "bad"}, {.json = Json::kShort});
  EXPECT_EQ(ended.out, R"([{"name":"good","state":"running"},)"
                       R"({"error":"org.sdme1.Error.BootFailed","message":"bad did not come up","name":"bad"}])"
                       "\n");
}

TEST_F(JobWaiterTest, AnInterruptCancelsAndWaits) {
  const auto ended = start({"good", "slow"}, {}, {SIGINT});
  EXPECT_EQ(ended.status, exit_code::kInterrupted);
  EXPECT_EQ(manager_.cancels(), 1);
  EXPECT_EQ(ended.out, "good\n");
  EXPECT_THAT(ended.err, HasSubstr("cancelling"));
  EXPECT_THAT(ended.err, HasSubstr("slow was cancelled"));
}

TEST_F(JobWaiterTest, ASecondInterruptLeaves) {
  const auto ended = start({"deaf"}, {}, {SIGINT, SIGINT});
  EXPECT_EQ(ended.status, exit_code::kInterrupted);
  EXPECT_THAT(ended.err, HasSubstr("sdmectl jobs wait 1"));
}

TEST_F(JobWaiterTest, Terminated) { EXPECT_EQ(start({"slow"}, {}, {SIGTERM}).status, 143); }

TEST_F(JobWaiterTest, ProgressCanBeSilent) {
  const auto ended = start({"slow"}, {.progress = Progress::kNone}, {SIGINT});
  EXPECT_THAT(ended.err, Not(HasSubstr("start slow")));
}

TEST_F(JobWaiterTest, Bars) {
  pace_ = std::chrono::milliseconds(250);  // time for one to be drawn
  EXPECT_THAT(start({"deaf"}, {.progress = Progress::kBar}, {SIGINT, SIGINT}).err, HasSubstr("start deaf  0:00"));
}

}  // namespace
}  // namespace sdme::client
