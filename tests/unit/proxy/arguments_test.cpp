// SPDX-License-Identifier: MIT
#include "proxy/arguments.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "errors.hpp"
#include "proxy/running_proxy.hpp"
#include "support/expect_error.hpp"

namespace sdme::proxy {
namespace {

using testing::HasSubstr;

TEST(Arguments, OptionsComeInBothForms) {
  const auto plain = Arguments::parse({"10.0.0.2", "80"});
  EXPECT_EQ(plain.guest.family(), AF_INET);
  EXPECT_EQ(plain.max_connections, 4096U);
  EXPECT_EQ(plain.idle, std::chrono::seconds(60));
  const auto all = Arguments::parse({"--idle=5", "fd00::2", "--max-connections", "7", "65535", "--flow-idle", "9"});
  EXPECT_EQ(all.guest.family(), AF_INET6);
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in6*>(all.guest.get())->sin6_port), 65535);
  EXPECT_EQ(all.max_connections, 7U);
  EXPECT_EQ(all.idle, std::chrono::seconds(5));
  EXPECT_EQ(all.flow_idle, std::chrono::seconds(9));
}

TEST(Arguments, AnAddressOfALinkHasItsInterface) {
  const auto guest = Arguments::parse({"fe80::1%lo", "80"}).guest;
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6*>(guest.get())->sin6_scope_id, 1U);
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [] { Arguments::parse({"fe80::1%nowhere", "80"}); }),
              HasSubstr("nowhere"));
}

const std::vector<std::vector<std::string>> kBad = {
    {},
    {"10.0.0.2"},
    {"10.0.0.2", "80", "81"},
    {"10.0.0.2", "0"},
    {"10.0.0.2", "65536"},
    {"10.0.0.2", "-1"},
    {"10.0.0.2", "80 "},
    {"10.0.0.2", ""},
    {"", "80"},
    {"localhost", "80"},
    {"10.2", "80"},
    {"10.0.0.2%lo", "80"},
    {"[::1]", "80"},
    {"--idle", "0", "10.0.0.2", "80"},
    {"--idle=", "10.0.0.2", "80"},
    {"10.0.0.2", "80", "--idle"},
    {"--max-connections=x", "10.0.0.2", "80"},
    {"--verbose", "10.0.0.2", "80"},
};

TEST(Arguments, BadOnesAreRefused) {
  for (const auto& words : kBad) {
    const auto message = test::error_of(Errc::kInvalidArgument, [&] { Arguments::parse(words); });
    EXPECT_FALSE(message.empty()) << testing::PrintToString(words);
  }
}

void expect_refusal(RunningProxy& proxy, const std::string& part) {
  const auto ended = proxy.wait();
  ASSERT_TRUE(WIFEXITED(ended.status));
  EXPECT_EQ(WEXITSTATUS(ended.status), exit_code::kUsage);
  EXPECT_THAT(ended.said, HasSubstr(part));
  EXPECT_EQ(ended.said.find('\n'), ended.said.size() - 1);
}

TEST(Arguments, TheProgramSaysWhy) {
  const auto port = bound("127.0.0.1", SOCK_STREAM);
  RunningProxy bad({&port}, {"web\n", "80"});
  expect_refusal(bad, "'web?' is not a numeric IPv4 or IPv6 address");
  RunningProxy none({}, {"10.0.0.2", "80"});
  expect_refusal(none, "no sockets were passed");
}

TEST(Arguments, OtherSocketsAreRefused) {
  const auto not_listening = make_socket(AF_INET, SOCK_STREAM);
  const auto local = make_socket(AF_UNIX, SOCK_DGRAM);
  const auto good = bound("127.0.0.1", SOCK_STREAM);
  for (const auto* other : {&not_listening, &local}) {
    RunningProxy proxy({&good, other}, {"10.0.0.2", "80"});
    expect_refusal(proxy, "descriptor 4 is neither");
  }
}

}  // namespace
}  // namespace sdme::proxy
