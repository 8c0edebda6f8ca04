// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include "support/expect_error.hpp"

namespace sdme::json {

using test::error_of;
using testing::HasSubstr;

TEST(JsonParse, TakesOneObject) { EXPECT_EQ(get<int>(parse(R"({"a": 1})", "it"), "a"), 1); }

TEST(JsonParse, NamesWhatIsNone) {
  for (const std::string_view text :
       {"", "{", "{} {}", "{\"a\": }", "{\"a\": \"\xff\"}", "{'a': 1}", "{\"a\": 1e999}"}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(text, "the answer"); }), HasSubstr("the answer"));
  }
  for (const std::string_view text : {"[]", "1", "null", "\"{}\""}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(text, "the answer"); }), HasSubstr("not a JSON object"));
  }
}

TEST(JsonParse, TakesAListWhereOneIsDue) {
  EXPECT_EQ(parse_list("[{}, 1]", "it").size(), 2U);
  for (const std::string_view text : {"", "{}", "[", "[] []"})
    error_of(Errc::kCorrupt, [&] { parse_list(text, "it"); });
}

TEST(JsonParse, RefusesAKeyTwice) {
  EXPECT_NO_THROW(parse(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})", "it"));
  for (const std::string_view text :
       {R"({"a": 1, "a": 1})", R"({"x": [{"a": 1, "b": {}, "a": 2}]})", R"({"a": 1, "\u0061": 2})"}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(text, "it"); }), HasSubstr("'a' twice"));
  }
}

TEST(JsonParse, RefusesWhatNestsTooDeep) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NO_THROW(parse(nested(60), "it"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(nested(100), "it"); }), HasSubstr("deeper"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(nested(1'000'000), "it"); }), HasSubstr("deeper"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { parse(std::string(1'000'000, '['), "it"); }), HasSubstr("deeper"));
}

TEST(JsonGet, NamesTheKey) {
  const auto value = parse(R"({"text": "x", "list": ["a", 1]})", "it");
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { get<int>(value, "gone"); }), HasSubstr("'gone' is missing"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { get<int>(value, "text"); }), HasSubstr("'text' must be a number"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { get<bool>(value, "text"); }), HasSubstr("'text' must be a boolean"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { get<std::vector<std::string>>(value, "list"); }), HasSubstr("a list"));
}

TEST(JsonGet, HoldsNumbersToTheirRange) {
  const auto value =
      parse(R"({"big": 4294967296, "minus": -1, "most": 18446744073709551615, "half": 0.5, "true": true})", "it");
  EXPECT_EQ(get<std::uint64_t>(value, "big"), 4294967296U);
  EXPECT_EQ(get<std::uint64_t>(value, "most"), UINT64_MAX);
  EXPECT_EQ(get<std::int64_t>(value, "minus"), -1);
  EXPECT_EQ(get<double>(value, "half"), 0.5);
  error_of(Errc::kCorrupt, [&] { get<std::uint32_t>(value, "big"); });
  error_of(Errc::kCorrupt, [&] { get<std::int32_t>(value, "big"); });
  error_of(Errc::kCorrupt, [&] { get<std::int64_t>(value, "most"); });
  error_of(Errc::kCorrupt, [&] { get<std::uint64_t>(value, "minus"); });
  error_of(Errc::kCorrupt, [&] { get<std::uint64_t>(value, "half"); });
  error_of(Errc::kCorrupt, [&] { get<std::uint64_t>(value, "true"); });
}

TEST(JsonGetOr, AbsentIsFineMistypedIsNot) {
  const auto value = parse(R"({"a": "x", "none": null})", "it");
  EXPECT_EQ(get_or<int>(value, "gone", 7), 7);
  EXPECT_EQ(get_or<std::string>(value, "a", "y"), "x");
  error_of(Errc::kCorrupt, [&] { get_or<int>(value, "a", 7); });
  error_of(Errc::kCorrupt, [&] { get_or<int>(value, "none", 7); });
}

}  // namespace sdme::json
