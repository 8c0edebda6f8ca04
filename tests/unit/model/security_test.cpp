// SPDX-License-Identifier: MIT
#include "model/security.hpp"

#include "model/limits.hpp"
#include "support/expect_error.hpp"

namespace sdme::model {

TEST(Capability, HasOneForm) {
  for (const auto* text : {"net_raw", "NET_RAW", "cap_net_raw", "CAP_NET_RAW", "Cap_Net_Raw"})
    EXPECT_EQ(parse_capability(text), "CAP_NET_RAW");
  for (const auto* text :
       {"", "cap_", "all", "net raw", "CAP_NOSUCH", "3", "cap_41", "net_raw,sys_admin", "net_raw+ep"})
    test::error_of(Errc::kInvalidArgument, [&] { parse_capability(text); });
}

TEST(SystemCall, IsOneOrAGroup) {
  for (const auto* text : {"@mount", "~@mount", "bpf", "~keyctl", "@known"}) EXPECT_NO_THROW(check_system_call(text));
  for (const auto* text : {"", "~", "@", "@nosuch", "nosuch", "~~bpf", "@Mount", "bpf ", "bpf,keyctl"})
    test::error_of(Errc::kInvalidArgument, [&] { check_system_call(text); });
}

TEST(Limits, AreWithinReason) {
  EXPECT_NO_THROW(Limits{}.check());
  EXPECT_NO_THROW(
      (Limits{.memory = 1U << 30U, .swap = 0, .cpus = 10, .cpu_weight = 1, .io_weight = 10000, .tasks = 16}).check());
  for (const auto& wrong :
       {Limits{.memory = 1}, Limits{.memory = UINT64_MAX}, Limits{.cpus = 9}, Limits{.cpus = UINT64_MAX},
        Limits{.cpu_weight = 0}, Limits{.cpu_weight = 10001}, Limits{.io_weight = 0}, Limits{.tasks = 1},
        Limits{.tasks = 1U << 23U}, Limits{.disk = 5}}) {
    test::error_of(Errc::kInvalidArgument, [&] { wrong.check(); });
  }
}

TEST(Limits, SwapIsAsMuchAsMemoryUnlessItIsGiven) {
  EXPECT_EQ(Limits{}.effective_swap(), std::nullopt);
  EXPECT_EQ((Limits{.memory = 5}).effective_swap(), 5U);
  EXPECT_EQ((Limits{.memory = 5, .swap = 0}).effective_swap(), 0U);
}

TEST(Limits, ComeBackFromJson) {
  const Limits given{.memory = 1U << 30U, .cpus = 1500, .tasks = 100};
  EXPECT_EQ(Limits::from_json(given.to_json()), given);
  EXPECT_EQ(given.to_json().size(), 3U);
}

}  // namespace sdme::model
