// SPDX-License-Identifier: MIT
#include "relay.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "failure.hpp"

namespace sdme::client {
namespace {

std::string read_some(int fd, std::size_t most) {
  std::string text(most, '\0');
  const auto count = ::read(fd, text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

class RelayTest : public testing::Test {
 protected:
  RelayTest() { ::signal(SIGPIPE, SIG_IGN); }

  void put(const std::string& text) { ASSERT_EQ(::write(in_.write.get(), text.data(), text.size()), std::ssize(text)); }

  Loop loop_;
  Pipe in_ = make_pipe();
  Pipe out_ = make_pipe();
};

TEST_F(RelayTest, CarriesBytesUntilTheEnd) {
  const std::string bytes("any\0bytes\xff\n", 11);
  Relay relay(loop_, in_.read.get(), out_.write.get(), Relay::Sink::kShared);
  put(bytes);
  in_.write.reset();
  loop_.run_until([&] { return relay.done(); });
  EXPECT_EQ(read_some(out_.read.get(), 100), bytes);
  EXPECT_FALSE(relay.sink_gone());
}

TEST_F(RelayTest, WaitsForASlowReader) {
  set_nonblocking(out_.write.get());
  Relay relay(loop_, in_.read.get(), out_.write.get(), Relay::Sink::kOwn);
  std::string sent;
  std::string got;
  // Several times what all pipes and the relay hold together.
  set_nonblocking(in_.write.get());
  Loop::Tick tick(loop_, std::chrono::milliseconds(1), [&] { got += read_some(out_.read.get(), 9000); });
  Loop::Watch feed(loop_, in_.write.get(), [&](short) {
    const std::string piece(4096, static_cast<char>('a' + sent.size() / 4096 % 26));
    if (sent.size() < 1'000'000 && ::write(in_.write.get(), piece.data(), piece.size()) == std::ssize(piece))
      sent += piece;
    if (sent.size() >= 1'000'000) {
      feed.rest();
      in_.write.reset();
    }
  });
  feed.want(POLLOUT);
  loop_.run_until([&] { return relay.done() && got.size() == sent.size(); });
  EXPECT_EQ(got, sent);
}

TEST_F(RelayTest, SeesThatTheReaderIsGone) {
  Relay relay(loop_, in_.read.get(), out_.write.get(), Relay::Sink::kShared);
  out_.read.reset();
  loop_.run_until([&] { return relay.sink_gone(); });
  EXPECT_TRUE(relay.done());
}

TEST_F(RelayTest, FinishTakesWhatIsThere) {
  Relay relay(loop_, in_.read.get(), out_.write.get(), Relay::Sink::kShared);
  put("last words");
  relay.finish();
  loop_.run_until([&] { return relay.done(); });
  EXPECT_EQ(read_some(out_.read.get(), 100), "last words");
}

TEST_F(RelayTest, FinishOfNothingIsDoneAtOnce) {
  Relay relay(loop_, in_.read.get(), out_.write.get(), Relay::Sink::kShared);
  relay.finish();
  EXPECT_TRUE(relay.done());
}

TEST_F(RelayTest, AClosedInputIsAnEnd) {
  Relay relay(loop_, 999, out_.write.get(), Relay::Sink::kShared);
  loop_.run_until([&] { return relay.done(); });
}

TEST(Loop, SignalsInterrupt) {
  Loop loop;
  bool raised = false;
  EXPECT_THROW(loop.run_until([&] {
    if (!std::exchange(raised, true)) ::raise(SIGTERM);
    return false;
  }),
               Interrupted);
}

TEST(Loop, SignalsGoToTheInnermost) {
  Loop loop;
  int got = 0;
  Loop::SignalScope scope(loop, [&](int signal) { got = signal; });
  bool raised = false;
  loop.run_until([&] {
    if (!std::exchange(raised, true)) ::raise(SIGINT);
    return got != 0;
  });
  EXPECT_EQ(got, SIGINT);
}

TEST(Loop, AWatchMayRemoveAnother) {
  Loop loop;
  auto pipe = make_pipe();
  pipe.write.reset();
  int calls = 0;
  std::optional<Loop::Watch> first;
  std::optional<Loop::Watch> second;
  const auto call = [&](short) {
    ++calls;
    first.reset();
    second.reset();
  };
  first.emplace(loop, pipe.read.get(), call);
  second.emplace(loop, pipe.read.get(), call);
  first->want(POLLIN);
  second->want(POLLIN);
  loop.run_until([&] { return calls > 0; });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace sdme::client
