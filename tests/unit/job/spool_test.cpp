// SPDX-License-Identifier: MIT
#include "job/spool.hpp"

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::job {

using test::error_of;
using test::put;

class SpoolTest : public testing::Test {
 protected:
  std::string path() const { return temp_ / "jobs"; }
  Record made(Spool& spool) const {
    Record record{.id = spool.next_id(), .kind = "start", .verb = "start", .target = "web"};
    spool.write(record);
    return record;
  }

  test::TempDir temp_;
};

TEST_F(SpoolTest, NeverGivesANumberTwice) {
  {
    Spool spool(path());
    EXPECT_EQ(spool.next_id(), 1U);
    EXPECT_EQ(spool.next_id(), 2U);
  }
  Spool again(path());
  EXPECT_EQ(again.next_id(), 3U);
}

TEST_F(SpoolTest, FindsRecordsAgainAndForgetsRemovedOnes) {
  Spool spool(path());
  const auto kept = made(spool);
  const auto gone = made(spool);
  spool.remove(gone.id);
  const auto records = Spool(path()).load();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, kept.id);
}

TEST_F(SpoolTest, DropsADamagedRecordAndKeepsTheOthers) {
  Spool spool(path());
  const auto damaged = made(spool);
  const auto kept = made(spool);
  put(path() + "/" + std::to_string(damaged.id) + "/record.json", "{");
  const auto records = spool.load();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, kept.id);
}

TEST_F(SpoolTest, ReadsAResultButNotThroughALink) {
  Spool spool(path());
  const auto record = made(spool);
  EXPECT_FALSE(spool.result(record.id, "session").has_value());
  put(spool.out_path(record.id) + "/result.json", R"({"result": {"status": 3}})");
  EXPECT_EQ(spool.result(record.id, "session")->at("result").at("status"), 3);
  put(spool.out_path(record.id) + "/result.json", R"({"verb": "import", "result": {"status": 3}})");
  EXPECT_FALSE(spool.result(record.id, "session").has_value()) << "of an earlier stage";
  EXPECT_TRUE(spool.result(record.id, "import").has_value());

  const auto other = made(spool);
  put(temp_ / "secret", "{}");
  ASSERT_EQ(symlink((temp_ / "secret").c_str(), (spool.out_path(other.id) + "/result.json").c_str()), 0);
  error_of(Errc::kInternal, [&] { spool.result(other.id, "session"); });
}

TEST_F(SpoolTest, RefusesAResultThatIsNoObjectOrTooLarge) {
  Spool spool(path());
  const auto record = made(spool);
  put(spool.out_path(record.id) + "/result.json", "[1]");
  error_of(Errc::kCorrupt, [&] { spool.result(record.id, "session"); });
  put(spool.out_path(record.id) + "/result.json", std::string(20 << 20, ' '));
  error_of(Errc::kLimitExceeded, [&] { spool.result(record.id, "session"); });
}

}  // namespace sdme::job
