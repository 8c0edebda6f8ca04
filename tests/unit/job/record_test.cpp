// SPDX-License-Identifier: MIT
#include "job/record.hpp"

#include "support/expect_error.hpp"

namespace sdme::job {

using test::error_of;

Record sample() {
  return {.id = 17,
          .session = false,
          .kind = "import",
          .verb = "import",
          .target = "debian",
          .owner = 1000,
          .created_usec = 1'795'000'000'000'000,
          .cancel_on_disconnect = true,
          .staging = true,
          .request = {{"size_hint", 5}},
          .commit = {{"replace", true}},
          .claims = {{"rootfs/debian", store::Claim::kExclusive}, {"rootfs/other", store::Claim::kShared}},
          .pinned_layers = {std::string(64, 'a')},
          .state = State::kRunning,
          .error = Errc::kNoSpace,
          .message = "a sentence",
          .result = {{"name", "debian"}}};
}

TEST(JobRecord, ComesBackAsItWas) {
  const auto record = sample();
  const auto again = Record::from_text(record.to_text(), "job 17");
  EXPECT_EQ(again.to_text(), record.to_text());
  EXPECT_EQ(again.claims.size(), 2U);
  EXPECT_EQ(again.claims[1].mode, store::Claim::kShared);
  EXPECT_EQ(again.error, Errc::kNoSpace);
  EXPECT_EQ(again.unit(), "sdme-job-17.service");
}

TEST(JobRecord, OfASessionHasAUnitOfItsOwnKind) {
  auto record = sample();
  record.session = true;
  EXPECT_EQ(record.unit(), "sdme-session-17.service");
  EXPECT_FALSE(record.listed());
}

TEST(JobRecord, ThatIsDamagedOrNewerIsRefused) {
  error_of(Errc::kCorrupt, [] { Record::from_text("{}", "job 1"); });
  error_of(Errc::kCorrupt, [] { Record::from_text("[]", "job 1"); });
  error_of(Errc::kNotSupported, [] { Record::from_text(R"({"version": 99})", "job 1"); });
  auto wrong = json::parse(sample().to_text(), "sample");
  wrong["state"] = "asleep";
  error_of(Errc::kCorrupt, [&] { Record::from_text(wrong.dump(), "job 1"); });
}

TEST(JobRecord, EndsInThreeStates) {
  EXPECT_FALSE(ended(State::kQueued));
  EXPECT_FALSE(ended(State::kCancelling));
  EXPECT_TRUE(ended(State::kDone));
  EXPECT_TRUE(ended(State::kFailed));
  EXPECT_TRUE(ended(State::kCancelled));
}

}  // namespace sdme::job
