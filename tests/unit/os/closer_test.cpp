// SPDX-License-Identifier: MIT
#include "os/closer.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>

namespace sdme::os {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLingerSeconds = 2;

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;  // listens, and never takes anything
};

// A TCP socket with a full queue, whose last close waits.
Pair lingering() {
  Pair pair{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), UniqueFd(socket(AF_INET, SOCK_STREAM, 0))};
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(pair.theirs.get(), where, size), 0);
  EXPECT_EQ(listen(pair.theirs.get(), 1), 0);
  EXPECT_EQ(getsockname(pair.theirs.get(), where, &size), 0);
  connect(pair.ours.get(), where, size);
  pollfd ready = {.fd = pair.ours.get(), .events = POLLOUT, .revents = 0};
  EXPECT_EQ(poll(&ready, 1, 5000), 1);
  std::array<char, 65536> block = {};
  while (send(pair.ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
  const linger waits = {.l_onoff = 1, .l_linger = kLingerSeconds};
  EXPECT_EQ(setsockopt(pair.ours.get(), SOL_SOCKET, SO_LINGER, &waits, sizeof waits), 0);
  const int flags = fcntl(pair.ours.get(), F_GETFL);
  fcntl(pair.ours.get(), F_SETFL, flags & ~O_NONBLOCK);
  return pair;
}

TEST(Closer, OnlyItsThreadWaits) {
  auto pair = lingering();
  Closer closer;
  const auto began = Clock::now();
  closer.close(std::move(pair.ours));
  closer.close({});
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(closer.waiting(), 1U);
  while (closer.waiting() > 0) poll(nullptr, 0, 10);
  EXPECT_GE(Clock::now() - began, std::chrono::seconds(1));
}

TEST(Closer, ItIsLeftBehind) {
  auto pair = lingering();
  const auto began = Clock::now();
  {
    Closer closer;
    closer.close(std::move(pair.ours));
  }
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(1));
}

}  // namespace
}  // namespace sdme::os
