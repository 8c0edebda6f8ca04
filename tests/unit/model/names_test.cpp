// SPDX-License-Identifier: MIT
#include "model/names.hpp"

#include "support/expect_error.hpp"

namespace sdme::model {

using testing::HasSubstr;

TEST(Name, TakesTheWholeGrammar) {
  for (const std::string& text : {std::string("a"), std::string("web"), std::string("a1"), std::string("a-b-3"),
                                  std::string("a--b"), "a" + std::string(63, '9')}) {
    EXPECT_EQ(ContainerName::parse(text).str(), text);
    EXPECT_EQ(RootfsName::parse(text).str(), text);
  }
}

TEST(Name, RefusesEverythingElse) {
  for (const std::string& text :
       {std::string(), std::string("A"), std::string("1a"), std::string("-a"), std::string("a_b"), std::string("a.b"),
        std::string("a/b"), std::string(".."), std::string("."), std::string("a b"), std::string("a\n"),
        std::string("a@b"), std::string("ä"), std::string("a\\x2d"), std::string("%i"), std::string("a\0b", 3),
        std::string(65, 'a'), std::string(100'000, 'a')}) {
    const auto message = test::error_of(Errc::kInvalidArgument, [&] { ContainerName::parse(text); });
    EXPECT_THAT(message, HasSubstr("container name"));
    EXPECT_LT(message.size(), 500U) << "a hostile name is cut";
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [&] { RootfsName::parse(text); }),
                HasSubstr("root filesystem name"));
  }
}

TEST(Name, OfAContainerIsOneOfAMachine) {
  EXPECT_EQ(RootfsName::parse("a-").str(), "a-");
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [] { ContainerName::parse("a-"); }), HasSubstr("ends with '-'"));
}

TEST(Name, Sorts) { EXPECT_LT(ContainerName::parse("a"), ContainerName::parse("b")); }

}  // namespace sdme::model
