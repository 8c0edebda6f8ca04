// SPDX-License-Identifier: MIT
// What little input cannot make of it: much memory, or more than is allowed.
#include "archive/unpacking.hpp"
#include "support/peak_memory.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

class Bounds : public Unpacking {};

// Links that lead through themselves again and again make a way longer and longer.
TEST_F(Bounds, A08FollowsCirclesInLittleMemory) {
  std::string target = "l";
  while (target.size() < 4000) target += "/l";
  const auto circle = pax(pax_record("linkpath", target)) + symlink("l", "x");
  std::string sentence;
  EXPECT_LT(peak_memory_of([&] { sentence = layer_refusal(circle + file("l/x") + kEndMark); }), 64U << 20U);
  EXPECT_THAT(sentence, HasSubstr("leads through a symbolic link"));
}

}  // namespace

}  // namespace sdme::test
