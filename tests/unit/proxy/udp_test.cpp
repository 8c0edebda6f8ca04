// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>

#include "proxy/address.hpp"
#include "proxy/running_proxy.hpp"

namespace sdme::proxy {
namespace {

constexpr std::size_t kMostFlows = 1024;

struct Received {
  std::string text;
  sockaddr_storage from = {};
  socklen_t from_size = sizeof(sockaddr_storage);

  std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in&>(from).sin_port); }
  std::string host() const {
    std::array<char, INET6_ADDRSTRLEN> text_of = {};
    const void* address = from.ss_family == AF_INET6
                              ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(from).sin6_addr)
                              : &reinterpret_cast<const sockaddr_in&>(from).sin_addr;
    inet_ntop(from.ss_family, address, text_of.data(), text_of.size());
    return text_of.data();
  }
};

Received receive(const os::UniqueFd& socket) {
  Received received;
  received.text.resize(65536);
  const auto count = recvfrom(socket.get(), received.text.data(), received.text.size(), 0,
                              reinterpret_cast<sockaddr*>(&received.from), &received.from_size);
  EXPECT_GE(count, 0) << "nothing came";
  received.text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return received;
}

void answer(const os::UniqueFd& guest, const Received& to, const std::string& text) {
  EXPECT_EQ(sendto(guest.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to.from), to.from_size),
            static_cast<ssize_t>(text.size()));
}

// Sends it there and back; the port that the guest saw.
std::uint16_t echo(const Published& published, const os::UniqueFd& client, const std::string& text) {
  send_text(client.get(), text);
  const auto at_guest = receive(published.guest);
  EXPECT_TRUE(at_guest.text == text) << at_guest.text.size();
  answer(published.guest, at_guest, text + "!");
  const auto back = receive(client);
  EXPECT_TRUE(back.text == text + "!") << back.text.size();
  return at_guest.port();
}

TEST(Udp, EachClientHasAFlow) {
  const Published published(SOCK_DGRAM);
  std::vector<os::UniqueFd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(published.client());
  for (const auto& client : clients) send_text(client.get(), std::to_string(port_of(client.get())));
  std::vector<Received> all;
  std::set<std::uint16_t> ports;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    all.push_back(receive(published.guest));
    ports.insert(all.back().port());
  }
  EXPECT_EQ(ports.size(), clients.size());
  for (auto received = all.rbegin(); received != all.rend(); ++received) {
    answer(published.guest, *received, "for " + received->text);
    answer(published.guest, *received, "again for " + received->text);
  }
  for (const auto& client : clients) {
    const auto own = std::to_string(port_of(client.get()));
    EXPECT_EQ(receive(client).text, "for " + own);
    EXPECT_EQ(receive(client).text, "again for " + own);
  }
  EXPECT_EQ(published.proxy.sockets(), 1 + clients.size());
}

TEST(Udp, AnySize) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Published published(SOCK_DGRAM, {}, host, host);
    const auto client = published.client();
    const auto port = echo(published, client, "");
    EXPECT_EQ(echo(published, client, std::string(65000, 'x')), port);
    EXPECT_EQ(echo(published, client, std::string(1472, 'y')), port);
    send_text(client.get(), std::string(65507, 'z'));
    EXPECT_EQ(receive(published.guest).text.size(), 65507U);
  }
}

TEST(Udp, ManyOfOneClientStayInOrder) {
  const Published published(SOCK_DGRAM);
  const auto client = published.client();
  for (int i = 0; i < 100; ++i) send_text(client.get(), std::to_string(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(receive(published.guest).text, std::to_string(i));
}

// What a client sent to is what answers it.
void expect_source(const Published& published, const std::string& to, const os::UniqueFd& client,
                   const sockaddr* address, socklen_t size) {
  ASSERT_EQ(sendto(client.get(), "who", 3, 0, address, size), 3);
  const auto at_guest = receive(published.guest);
  EXPECT_EQ(at_guest.text, "who");
  answer(published.guest, at_guest, "me");
  const auto back = receive(client);
  EXPECT_EQ(back.text, "me");
  EXPECT_EQ(back.host(), to);
  EXPECT_EQ(back.port(), port_of(published.port.get()));
}

TEST(Udp, RepliesComeFromWhereTheClientSentTo) {
  for (const char* any : {"0.0.0.0", "::"}) {
    const Published published(SOCK_DGRAM, {}, any);
    const auto client = bound("0.0.0.0", SOCK_DGRAM);
    for (const char* to : {"127.0.0.1", "127.0.0.2", "127.7.7.7"}) {
      SCOPED_TRACE(std::string(any) + " at " + to);
      const auto address = Address::parse(to, port_of(published.port.get()));
      expect_source(published, to, client, address.get(), address.size());
    }
  }
  const Published published(SOCK_DGRAM, {}, "::");
  const auto address = Address::parse("::1", port_of(published.port.get()));
  expect_source(published, "::1", bound("::", SOCK_DGRAM), address.get(), address.size());
}

TEST(Udp, RefusedEndsTheFlowAndNothingElse) {
  const auto port = bound("127.0.0.1", SOCK_DGRAM);
  auto guest = bound("127.0.0.1", SOCK_DGRAM);
  const auto number = port_of(guest.get());
  guest.reset();
  const RunningProxy proxy({&port}, {"--flow-idle=1000", "127.0.0.1", std::to_string(number)});
  const auto client = connected("127.0.0.1", SOCK_DGRAM, port_of(port.get()));
  send_text(client.get(), "lost");
  while (readable_now(port.get())) std::this_thread::yield();
  proxy.wait_for_sockets(1);
  EXPECT_FALSE(readable_now(client.get()));
  guest = bound("127.0.0.1", SOCK_DGRAM, number);
  send_text(client.get(), "found");
  EXPECT_EQ(receive(guest).text, "found");
}

TEST(Udp, TheOneUsedLongestAgoMakesRoom) {
  const Published published(SOCK_DGRAM);
  const auto oldest = published.client();
  const auto busy = published.client();
  const auto oldest_port = echo(published, oldest, "a");
  const auto busy_port = echo(published, busy, "b");
  std::vector<os::UniqueFd> others;
  for (std::size_t i = 0; i < kMostFlows - 2; ++i) {
    others.push_back(published.client());
    echo(published, others.back(), "c");
  }
  EXPECT_EQ(published.proxy.sockets(), 1 + kMostFlows);
  EXPECT_EQ(echo(published, busy, "b"), busy_port);
  others.push_back(published.client());
  echo(published, others.back(), "one more");
  EXPECT_EQ(published.proxy.sockets(), 1 + kMostFlows);
  EXPECT_EQ(echo(published, busy, "b"), busy_port);
  EXPECT_NE(echo(published, oldest, "a"), oldest_port);
  EXPECT_EQ(echo(published, busy, "b"), busy_port);
  EXPECT_EQ(published.proxy.sockets(), 1 + kMostFlows);
}

TEST(Udp, IdleFlowsEndAndThenTheProgram) {
  Published published(SOCK_DGRAM, {"--flow-idle=1", "--idle=1"});
  const auto client = published.client();
  echo(published, client, "once");
  published.proxy.wait_for_sockets(1);
  const auto ended = published.proxy.wait();
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.said, "");
}

TEST(Udp, AFlowKeepsTheProgram) {
  Published published(SOCK_DGRAM, {"--idle=1"});
  const auto client = published.client();
  const auto port = echo(published, client, "once");
  const auto other = bound("127.0.0.1", SOCK_DGRAM);
  EXPECT_EQ(RunningProxy({&other}, {"--idle=1", "127.0.0.1", "1"}).wait().status, 0);
  EXPECT_EQ(echo(published, client, "twice"), port);
}

}  // namespace
}  // namespace sdme::proxy
