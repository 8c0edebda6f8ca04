// SPDX-License-Identifier: MIT
// What little input cannot make of it: much memory, or more than is allowed.
#include "archive/unpacking.hpp"
#include "support/peak_memory.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

class Bounds : public Unpacking {};

TEST_F(Bounds, ReadsNamesInLittleMemory) {
  const auto acl = pax(pax_record("SCHILY.acl.access", "user::rw-,user:odd:r--,group::r--,mask::r--,other::---"));
  const auto streams = {
      acl + file("f") + file("etc/passwd", std::string(4'000'000, '\n') + "odd:x:7:7::/:\n") + kEndMark,
      acl + file("f") + file("etc/passwd", "odd:x:7:" + std::string(4'000'000, ':')) + kEndMark};
  for (const auto& stream : streams) {
    EXPECT_LT(peak_memory_of([&] { unpack(stream); }), 40U << 20U);
    EXPECT_EQ(attribute("f", "system.posix_acl_access").size(), 4U + 5 * 8);
  }
}

TEST_F(Bounds, RefusesHeadersWithoutEnd) {
  std::string map = "3000000\n";
  for (int i = 0; i < 3'000'000; ++i) map += "0\n0\n";
  const auto sparse = pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                          pax_record("GNU.sparse.realsize", "0") + pax_record("GNU.sparse.name", "f")) +
                      tar({.name = "x", .content = map});
  std::string sentence;
  EXPECT_LT(peak_memory_of([&] { sentence = refusal(file("before") + sparse + kEndMark, Errc::kLimitExceeded); }),
            100U << 20U);
  EXPECT_THAT(sentence, HasSubstr("more than 4 MiB of headers for one entry, behind 'before'"));
}

// Links that lead through themselves again and again make a way longer and longer.
TEST_F(Bounds, A08FollowsCirclesInLittleMemory) {
  std::string target = "l";
  while (target.size() < 4000) target += "/l";
  const auto circle = pax(pax_record("linkpath", target)) + symlink("l", "x");
  std::string sentence;
  EXPECT_LT(peak_memory_of([&] { sentence = layer_refusal(circle + file("l/x") + kEndMark); }), 64U << 20U);
  EXPECT_THAT(sentence, HasSubstr("leads through a symbolic link"));
}

// Else what is written twice would give back what was spent.
TEST_F(Bounds, F03CountsPiecesThatOverlap) {
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += pax(pax_record("GNU.sparse.size", "131072") + pax_record("GNU.sparse.map", "0,131072,0,131072") +
               pax_record("GNU.sparse.name", "f" + std::to_string(i))) +
           tar({.name = "x", .content = std::string(262'144, 'x')});
  }
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack_layer(all + kEndMark, {8 << 20, 100}); }),
              HasSubstr("ImportMaxBytes="));
}

TEST_F(Bounds, F03RefusesPiecesBeyondTheEnd) {
  const auto sparse = pax(pax_record("GNU.sparse.size", "5") + pax_record("GNU.sparse.map", "2,8") +
                          pax_record("GNU.sparse.name", "f")) +
                      tar({.name = "x", .content = "12345678"});
  EXPECT_THAT(layer_refusal(sparse + kEndMark), HasSubstr("beyond its end"));
  EXPECT_THAT(refusal(sparse + kEndMark), HasSubstr("beyond its end"));
}

// Each name is as long as all those above it together.
TEST_F(Bounds, G22BoundsWhatItHasToRemember) {
  const auto deep = [](const std::string& top) {
    std::string path = top;
    for (int i = 0; i < 2000; ++i) path += "/d";
    return pax(pax_record("path", path + "/f")) + tar({.name = "x"});
  };
  const archive::Limits limits = {1 << 30, 1'000'000};
  std::string all;
  for (int i = 0; i < 12; ++i) all += deep(std::to_string(i));
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack_layer(all + kEndMark, limits); }),
              HasSubstr("more than 64 MiB of memory"));
  unpack(all + kEndMark, limits);  // of a tree, nothing has to be remembered

  all.clear();
  for (int i = 0; i < 12; ++i) all += directory("top") + deep("top") + file("top");
  unpack_layer(all + kEndMark, limits);
  EXPECT_TRUE(is("top", S_IFREG));
}

TEST_F(Bounds, G22RemembersNoDirectoryThatIsListed) {
  std::string all;
  for (int i = 0; i < 1'000; ++i) {
    const auto name = "d" + std::to_string(i);
    all += file(name + "/f") + directory(name);
  }
  const auto found = unpack_layer(directory(".") + all + kEndMark);
  EXPECT_TRUE(found.unsettled.implied.empty());
}

TEST(Budget, TakesBackWhatIsForgotten) {
  archive::Budget budget({0, 0});
  const std::string path(4000, 'd');
  for (int i = 0; i < 100'000; ++i) {
    budget.remember(path);
    budget.forget(path);
  }
  error_of(Errc::kLimitExceeded, [&] {
    for (int i = 0; i < 10'000; ++i) budget.remember(path);
  });
}

}  // namespace

}  // namespace sdme::test
