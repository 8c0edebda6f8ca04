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

TEST(Capability, IsUsualWhereSystemdNspawnGivesIt) {
  for (const auto* name : {"CAP_SYS_PTRACE", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_SETFCAP"})
    EXPECT_TRUE(is_usual_capability(name));
  for (const auto* name : {"CAP_NET_ADMIN", "CAP_SYS_MODULE", "CAP_BPF", "CAP_SYS_TIME", "sys_admin", ""})
    EXPECT_FALSE(is_usual_capability(name));
}

TEST(AppArmorProfile, MayBeForHostsThatHaveIt) {
  for (const auto* text : {"", "sdme-default", "-sdme-default", "/usr/bin/x", ":ns:profile"})
    EXPECT_NO_THROW(check_apparmor_profile(text));
  for (const auto& text :
       {std::string("-"), std::string("a b"), std::string("a\nexec b"), std::string("\x7f"), std::string(256, 'a')})
    test::error_of(Errc::kInvalidArgument, [&] { check_apparmor_profile(text); });
  EXPECT_EQ(AppArmorChoice("-a").name, "a");
  EXPECT_TRUE(AppArmorChoice("-a").is_optional);
  EXPECT_FALSE(AppArmorChoice("a").is_optional);
  EXPECT_EQ(AppArmorChoice("").name, "");
  for (const auto* text : {"unconfined", "-unconfined", "a//&unconfined", ":root:unconfined"})
    EXPECT_TRUE(AppArmorChoice(text).is_unconfined());
  EXPECT_FALSE(AppArmorChoice("sdme-default").is_unconfined());
}

TEST(Security, TakesNothingThatItGives) {
  using testing::HasSubstr;
  EXPECT_NO_THROW((Security{.capabilities = {"CAP_BPF"}, .drop_capabilities = {"CAP_SYSLOG"}}).check());
  const Security capability{.capabilities = {"CAP_BPF"}, .drop_capabilities = {"CAP_BPF"}};
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { capability.check(); }),
              HasSubstr("CAP_BPF is both added and dropped"));
  EXPECT_NO_THROW((Security{.system_call_filter = {"@debug", "~ptrace"}}).check());
  const Security call{.system_call_filter = {"~bpf", "bpf"}};
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { call.check(); }),
              HasSubstr("'bpf' is both allowed and forbidden"));
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
