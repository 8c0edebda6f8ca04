// SPDX-License-Identifier: MIT
#include "bus/options.hpp"

#include "support/expect_error.hpp"

namespace sdme::bus {

using sdbus::Variant;
using test::error_of;
using testing::HasSubstr;

TEST(OptionReader, TakesWhatIsThereAndOfItsType) {
  const Options options = {{"force", Variant{true}},
                           {"lines", Variant{std::uint32_t{7}}},
                           {"dirs", Variant{std::vector<std::string>{"/a"}}}};
  OptionReader reader(options, "option");
  EXPECT_EQ(reader.take<bool>("force"), true);
  EXPECT_EQ(reader.take<std::uint32_t>("lines"), 7U);
  EXPECT_EQ(reader.take<std::vector<std::string>>("dirs"), std::vector<std::string>{"/a"});
  EXPECT_EQ(reader.take<bool>("absent"), std::nullopt);
  reader.finish();
}

TEST(OptionReader, RefusesAWrongTypeBySayingTheRightOne) {
  const Options options = {{"force", Variant{std::string("yes")}}};
  OptionReader reader(options, "option");
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { reader.take<bool>("force"); }),
              HasSubstr("'force' must be a boolean (b)"));
}

TEST(OptionReader, RefusesWhatNobodyAskedFor) {
  const Options options = {{"froce", Variant{true}}};
  OptionReader reader(options, "option");
  reader.take<bool>("force");
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { reader.finish(); }), HasSubstr("there are force"));
}

TEST(OptionReader, AWordIsOneOfThose) {
  const Options options = {{"mode", Variant{std::string("gently")}}};
  OptionReader reader(options, "option");
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { reader.take_word("mode", {"graceful", "kill"}); }),
              HasSubstr("graceful, kill"));
}

}  // namespace sdme::bus
