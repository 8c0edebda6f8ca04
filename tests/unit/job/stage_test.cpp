// SPDX-License-Identifier: MIT
#include "job/stage.hpp"

#include "support/expect_error.hpp"

namespace sdme::job {

using test::error_of;

std::optional<std::string> after(const std::string& verb, const json::Value& result) {
  const Record record{.id = 1, .kind = "import", .verb = verb, .target = "x"};
  return next_stage(record, result);
}

TEST(Stage, IsWhatTheWorkerSaysAmongTheStepsThereAre) {
  EXPECT_EQ(after("import", {{"next", "disk"}}), "disk");
  EXPECT_EQ(after("import", {{"next", "provision"}}), "provision");
  EXPECT_EQ(after("disk", {{"next", "provision"}}), "provision");
  EXPECT_EQ(after("import", {{"layers", json::Value::array()}}), std::nullopt);
}

TEST(Stage, IsNothingElse) {
  for (const auto* next : {"import", "fetch", "start", "../x"}) {
    error_of(Errc::kCorrupt, [&] { after("import", {{"next", next}}); });
  }
  error_of(Errc::kCorrupt, [] { after("provision", {{"next", "provision"}}); });
  error_of(Errc::kCorrupt, [] { after("disk", {{"next", "disk"}}); });
  error_of(Errc::kCorrupt, [] { after("start", {{"next", "provision"}}); });
  error_of(Errc::kCorrupt, [] { after("import", {{"next", 1}}); });
}

}  // namespace sdme::job
