// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <thread>

#include "proxy/running_proxy.hpp"

namespace sdme::proxy {
namespace {

constexpr std::size_t kMegabyte = 1'000'000;

std::string pattern(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  for (auto& byte : text) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(seed >> 56);
  }
  return text;
}

void expect_echo(const Ends& ends, const std::string& text = "ping") {
  send_text(ends.client.get(), text);
  EXPECT_EQ(receive_text(ends.guest.get(), text.size()), text);
  send_text(ends.guest.get(), text + "!");
  EXPECT_EQ(receive_text(ends.client.get(), text.size() + 1), text + "!");
}

// Another proxy that has nothing to do for a second.
void let_a_second_pass() {
  const auto port = bound("127.0.0.1", SOCK_STREAM);
  EXPECT_EQ(RunningProxy({&port}, {"--idle=1", "127.0.0.1", "1"}).wait().status, 0);
}

TEST(Tcp, BothFamiliesOnBothSides) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    for (const char* guest : {"127.0.0.1", "::1"}) {
      SCOPED_TRACE(std::string(host) + " to " + guest);
      expect_echo(Ends(Published(SOCK_STREAM, {}, host, guest)));
    }
  }
}

TEST(Tcp, SeveralSocketsOfOnePort) {
  const auto four = bound("127.0.0.1", SOCK_STREAM);
  const auto six = bound("::1", SOCK_STREAM);
  const auto datagrams = bound("127.0.0.1", SOCK_DGRAM);
  const auto guest = bound("127.0.0.1", SOCK_STREAM);
  const RunningProxy proxy({&four, &datagrams, &six}, {"127.0.0.1", std::to_string(port_of(guest.get()))});
  for (const auto& [host, port] : {std::pair{"127.0.0.1", &four}, {"::1", &six}}) {
    const auto client = connected(host, SOCK_STREAM, port_of(port->get()));
    const auto taken = accepted(guest.get());
    send_text(client.get(), host);
    EXPECT_EQ(receive_text(taken.get(), std::string(host).size()), host);
  }
  const auto receiver = bound("127.0.0.1", SOCK_DGRAM, port_of(guest.get()));
  send_text(connected("127.0.0.1", SOCK_DGRAM, port_of(datagrams.get())).get(), "datagram");
  EXPECT_EQ(receive_text(receiver.get(), 8), "datagram");
}

TEST(Tcp, TheGuestMaySpeakFirst) {
  const Published published(SOCK_STREAM);
  const Ends ends(published);
  send_text(ends.guest.get(), "220 hello");
  EXPECT_EQ(receive_text(ends.client.get(), 9), "220 hello");
}

void half_close(const os::UniqueFd& first, const os::UniqueFd& second) {
  const auto late = pattern(kMegabyte, 3);
  send_text(first.get(), "request");
  shutdown(first.get(), SHUT_WR);
  EXPECT_EQ(receive_to_end(second.get()), "request");
  std::thread answers([&] {
    send_text(second.get(), late);
    shutdown(second.get(), SHUT_WR);
  });
  EXPECT_EQ(receive_to_end(first.get()), late);
  answers.join();
}

TEST(Tcp, EitherSideMayEndFirst) {
  const Published published(SOCK_STREAM);
  {
    const Ends ends(published);
    half_close(ends.client, ends.guest);
    published.proxy.wait_for_sockets(1);  // while both are still open here
  }
  const Ends ends(published);
  half_close(ends.guest, ends.client);
  published.proxy.wait_for_sockets(1);
}

TEST(Tcp, FiftyMegabytesEachWayAtOnce) {
  const Published published(SOCK_STREAM);
  const Ends ends(published);
  const auto up = pattern(50 * kMegabyte, 1);
  const auto down = pattern(50 * kMegabyte, 2);
  const auto send_all = [](const os::UniqueFd& socket, const std::string& text) {
    send_text(socket.get(), text);
    shutdown(socket.get(), SHUT_WR);
  };
  std::string at_guest;
  std::string at_client;
  {
    const std::jthread client_sends([&] { send_all(ends.client, up); });
    const std::jthread guest_sends([&] { send_all(ends.guest, down); });
    const std::jthread guest_receives([&] { at_guest = receive_to_end(ends.guest.get()); });
    at_client = receive_to_end(ends.client.get());
  }
  EXPECT_TRUE(at_guest == up) << at_guest.size();
  EXPECT_TRUE(at_client == down) << at_client.size();
}

TEST(Tcp, RefusedIsAReset) {
  const auto port = bound("127.0.0.1", SOCK_STREAM);
  auto guest = bound("127.0.0.1", SOCK_STREAM);
  const auto number = port_of(guest.get());
  guest.reset();
  const RunningProxy proxy({&port}, {"127.0.0.1", std::to_string(number)});
  const auto client = connected("127.0.0.1", SOCK_STREAM, port_of(port.get()));
  EXPECT_EQ(error_of_receive(client.get()), ECONNRESET);
  const auto later = bound("127.0.0.1", SOCK_STREAM, number);
  const auto another = connected("127.0.0.1", SOCK_STREAM, port_of(port.get()));
  send_text(another.get(), "now");
  EXPECT_EQ(receive_text(accepted(later.get()).get(), 3), "now");
}

TEST(Tcp, AResetIsPassedOn) {
  const Published published(SOCK_STREAM);
  Ends by_client(published);
  expect_echo(by_client);
  reset(std::move(by_client.client));
  EXPECT_EQ(error_of_receive(by_client.guest.get()), ECONNRESET);
  Ends by_guest(published);
  expect_echo(by_guest);
  reset(std::move(by_guest.guest));
  EXPECT_EQ(error_of_receive(by_guest.client.get()), ECONNRESET);
  Ends after_end(published);
  shutdown(after_end.client.get(), SHUT_WR);
  EXPECT_EQ(receive_to_end(after_end.guest.get()), "");
  reset(std::move(after_end.guest));
  EXPECT_EQ(error_of_receive(after_end.client.get()), ECONNRESET);
  published.proxy.wait_for_sockets(1);
}

TEST(Tcp, WhatWasSentBeforeAResetArrives) {
  const Published published(SOCK_STREAM);
  Ends ends(published);
  send_text(ends.client.get(), "a body that is never read");
  EXPECT_EQ(receive_text(ends.guest.get(), 1), "a");
  send_text(ends.guest.get(), "413");
  ends.guest.reset();  // with bytes unread: a reset
  EXPECT_EQ(receive_text(ends.client.get(), 3), "413");
  EXPECT_EQ(error_of_receive(ends.client.get()), ECONNRESET);
}

// As a web server refuses an upload.
TEST(Tcp, AnAnswerIsNotLostToWhoStillSends) {
  const Published published(SOCK_STREAM);
  const std::string block(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    Ends ends(published);
    std::thread answers([&] {
      EXPECT_EQ(receive_text(ends.guest.get(), 10'000).size(), 10'000U);
      send_text(ends.guest.get(), "413");
      ends.guest.reset();
    });
    while (send(ends.client.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) continue;
    EXPECT_EQ(receive_text(ends.client.get(), 3), "413") << i;
    answers.join();
  }
}

TEST(Tcp, UrgentDataIsData) {
  const Published published(SOCK_STREAM);
  const Ends ends(published);
  send_text(ends.client.get(), "before");
  EXPECT_EQ(send(ends.client.get(), "!", 1, MSG_OOB), 1);
  send_text(ends.client.get(), "after");
  EXPECT_EQ(receive_text(ends.guest.get(), 12), "before!after");
  EXPECT_EQ(send(ends.guest.get(), "?", 1, MSG_OOB), 1);
  EXPECT_EQ(receive_text(ends.client.get(), 1), "?");
  expect_echo(ends);
}

TEST(Tcp, ManyAtOnceAndNoneIsLeft) {
  const Published published(SOCK_STREAM);
  std::vector<Ends> all;
  for (int i = 0; i < 300; ++i) all.emplace_back(published);
  for (auto& ends : all) send_text(ends.client.get(), std::to_string(port_of(ends.client.get())) + "\n");
  std::map<std::string, int> seen;
  for (auto& ends : all) {
    std::string line;
    while (!line.ends_with('\n')) line += receive_text(ends.guest.get(), 1);
    ++seen[line];
    send_text(ends.guest.get(), line);
  }
  EXPECT_EQ(seen.size(), all.size());
  for (auto& ends : all) {
    const auto line = std::to_string(port_of(ends.client.get())) + "\n";
    EXPECT_EQ(receive_text(ends.client.get(), line.size()), line);
  }
  EXPECT_EQ(published.proxy.sockets(), 1 + 2 * all.size());
  all.clear();
  published.proxy.wait_for_sockets(1);
}

TEST(Tcp, BeyondTheLimitTheyWait) {
  const Published published(SOCK_STREAM, {"--max-connections=2"});
  Ends first(published);
  const Ends second(published);
  const auto third = published.client();
  send_text(third.get(), "third");
  for (int i = 0; i < 10; ++i) expect_echo(second);
  EXPECT_FALSE(readable_now(published.guest.get()));
  first.client.reset();
  EXPECT_EQ(receive_to_end(first.guest.get()), "");
  EXPECT_FALSE(readable_now(published.guest.get()));
  first.guest.reset();
  EXPECT_EQ(receive_text(accepted(published.guest.get()).get(), 5), "third");
}

TEST(Tcp, WithoutDescriptorsTheyWait) {
  const Published published(SOCK_STREAM);
  expect_echo(Ends(published));
  rlimit before = {};
  ASSERT_EQ(prlimit(published.proxy.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(prlimit(published.proxy.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  const auto client = published.client();
  send_text(client.get(), "patience");
  const long ticks = published.proxy.ticks();
  let_a_second_pass();
  EXPECT_LE(published.proxy.ticks() - ticks, 10);
  ASSERT_EQ(prlimit(published.proxy.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_EQ(receive_text(accepted(published.guest.get()).get(), 8), "patience");
}

TEST(Tcp, AFewDescriptorsAreEnough) {
  const auto port = bound("127.0.0.1", SOCK_STREAM);
  const auto guest = bound("127.0.0.1", SOCK_STREAM);
  const RunningProxy proxy({&port}, {"127.0.0.1", std::to_string(port_of(guest.get()))}, 40);
  std::vector<os::UniqueFd> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(connected("127.0.0.1", SOCK_STREAM, port_of(port.get())));
  for (auto& client : clients) {
    send_text(client.get(), "x");
    shutdown(client.get(), SHUT_WR);
  }
  for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(receive_to_end(accepted(guest.get()).get()), "x");
  for (auto& client : clients) EXPECT_EQ(error_of_receive(client.get()), 0);
}

// Until nobody takes any more, for a second.
std::string send_what_fits(const os::UniqueFd& socket, std::size_t most) {
  const timeval soon = {.tv_sec = 1, .tv_usec = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  const auto block = pattern(kMegabyte, 5);
  std::string sent;
  while (sent.size() < most) {
    const auto count = send(socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (count <= 0) break;
    sent.append(block, 0, static_cast<std::size_t>(count));
  }
  return sent;
}

bool end_was_taken(const os::UniqueFd& socket) {
  tcp_info state = {};
  socklen_t size = sizeof state;
  EXPECT_EQ(getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &state, &size), 0);
  return state.tcpi_state != TCP_FIN_WAIT1;
}

TEST(Tcp, ASlowReaderHoldsUpTheSender) {
  constexpr std::size_t kTooMuch = 300 * kMegabyte;
  const Published published(SOCK_STREAM);
  const Ends ends(published);
  const auto sent = send_what_fits(ends.client, kTooMuch);
  EXPECT_LT(sent.size(), kTooMuch);
  // Both have ended, and the proxy has bytes to write: a hang-up it can do nothing about must not keep it busy.
  shutdown(ends.client.get(), SHUT_WR);
  std::string received;
  while (!end_was_taken(ends.client)) received += receive_text(ends.guest.get(), 65536);
  shutdown(ends.guest.get(), SHUT_WR);
  EXPECT_EQ(receive_to_end(ends.client.get()), "");
  const long ticks = published.proxy.ticks();
  let_a_second_pass();
  EXPECT_LE(published.proxy.ticks() - ticks, 10);
  received += receive_to_end(ends.guest.get());
  EXPECT_TRUE(received == sent) << received.size();
  published.proxy.wait_for_sockets(1);
}

TEST(Tcp, ItEndsWhenNobodyIsThere) {
  Published published(SOCK_STREAM, {"--idle=1"});
  {
    const Ends ends(published);
    expect_echo(ends);
    let_a_second_pass();  // after it did for this one too
    expect_echo(ends);
  }
  const auto ended = published.proxy.wait();
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.said, "");
}

TEST(Tcp, SigtermEndsItAtOnce) {
  Published published(SOCK_STREAM);
  const Ends ends(published);
  expect_echo(ends);
  kill(published.proxy.pid(), SIGTERM);
  EXPECT_EQ(error_of_receive(ends.client.get()), 0);
  EXPECT_EQ(error_of_receive(ends.guest.get()), 0);
  const int status = published.proxy.wait().status;
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

int option_of(const os::UniqueFd& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

TEST(Tcp, BothSidesSendAtOnceAndKeepAlive) {
  const Published published(SOCK_STREAM);
  const Ends ends(published);
  expect_echo(ends);
  int connections = 0;
  for (const auto& socket : published.proxy.copies_of_sockets()) {
    if (option_of(socket, SOL_SOCKET, SO_ACCEPTCONN) == 1) continue;
    ++connections;
    EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option_of(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_LE(option_of(socket, IPPROTO_TCP, TCP_KEEPIDLE), 600);
  }
  EXPECT_EQ(connections, 2);
}

}  // namespace
}  // namespace sdme::proxy
