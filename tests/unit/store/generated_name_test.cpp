// SPDX-License-Identifier: MIT
#include "store/generated_name.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "support/expect_error.hpp"

namespace sdme::store {

TEST(GeneratedName, WordsAreShortSortedAndValid) {
  const auto words = name_words();
  EXPECT_GE(words.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(words));
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  for (const auto word : words) {
    EXPECT_LE(word.size(), 16U) << word;
    EXPECT_TRUE(std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) << word;
    EXPECT_EQ(model::ContainerName::parse(word).str(), word);
  }
}

TEST(GeneratedName, IsAnyWord) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(generate_name([](const auto&) { return true; }).str());
  EXPECT_GT(seen.size(), 50U);
}

TEST(GeneratedName, IsTheLastFreeOne) {
  EXPECT_EQ(generate_name([](const auto& name) { return name.str() == "wren"; }).str(), "wren");
}

TEST(GeneratedName, AddsANumberWhenAllAreTaken) {
  std::set<std::string> taken(name_words().begin(), name_words().end());
  for (int i = 0; i < 1000; ++i) {
    const auto name = generate_name([&](const auto& one) { return !taken.contains(one.str()); }).str();
    EXPECT_TRUE(taken.insert(name).second) << name;
    EXPECT_NE(name.find('-'), std::string::npos);
  }
}

TEST(GeneratedName, GivesUpWithASentence) {
  EXPECT_THAT(test::error_of(Errc::kLimitExceeded, [] { generate_name([](const auto&) { return false; }); }),
              testing::HasSubstr("give it one"));
}

}  // namespace sdme::store
