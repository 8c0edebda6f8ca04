// SPDX-License-Identifier: MIT
// Valid layers with something wrong in them, always the same: each is taken or refused with a reason,
// and what lies next to the tree never changes (Stacking looks).
#include <random>

#include "layer/stacking.hpp"

namespace sdme::test {

namespace {

class Damage : public Stacking {
 protected:
  // Whether it was taken.
  bool try_add(const std::string& stream) {
    try {
      add(stream, {1 << 22, 1000});
      return true;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Errc::kCorrupt || error.code() == Errc::kUnsupportedFormat ||
                  error.code() == Errc::kLimitExceeded)
          << row(error.code()).word << ": " << error.message();
      return false;
    }
  }

  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine_); }

  std::string lower() const {
    return directory("usr") + directory("usr/lib") + file("usr/lib/x", "low") + symlink("lib", "usr/lib") +
           symlink("out", dir_.path()) + symlink("up", "../../..") + directory("d") + file("d/x") + kEndMark;
  }
  std::string upper() const {
    return directory("./") + symlink("l", "../../..") + file("l/canary") + file("lib/y", std::string(700, 'y')) +
           hard_link("d/z", "usr/lib/x") + hard_link("w", "lib/y") + file("d/.wh.x") + file(".wh.out") +
           file("up/.wh..wh..opq") +
           pax(pax_record("path", "long/" + std::string(200, 'n')) + pax_record("SCHILY.xattr.user.a", "v") +
               pax_record("mtime", "1.5")) +
           tar({.name = "x", .content = "long"}) + tar({.name = "././@", .type = 'L', .content = "other/name"}) +
           tar({.name = "x", .type = '3', .mode = 0666, .major = 1, .minor = 3}) + kEndMark;
  }

  std::mt19937 engine_{20261126};
};

TEST_F(Damage, TakesThemWhole) {
  EXPECT_TRUE(try_add(lower()));
  EXPECT_TRUE(try_add(upper()));
}

TEST_F(Damage, SurvivesEveryCut) {
  const auto stream = upper();
  int taken = 0;
  for (std::size_t end = 0; end < stream.size(); end += 1 + pick(200)) {
    clear();
    add(lower());
    if (try_add(stream.substr(0, end))) ++taken;
  }
  EXPECT_GT(taken, 10);  // those between two entries
}

TEST_F(Damage, SurvivesFlippedBits) {
  for (int round = 0; round < 1500; ++round) {
    auto stream = upper();
    for (auto flips = 1 + pick(4); flips > 0; --flips) stream[pick(stream.size())] ^= static_cast<char>(1U << pick(8));
    clear();
    add(lower());
    try_add(stream);
  }
}

// With sums that fit, so that what is odd comes through.
TEST_F(Damage, SurvivesOddHeaders) {
  constexpr std::string_view kTypes = "0123456789xgLKSVDMNAX\0 \xff";
  const std::string names[] = {"d",
                               "d/x",
                               "l",
                               "lib",
                               "lib/x",
                               "out/canary",
                               "up/canary",
                               ".wh.d",
                               "d/.wh..wh..opq",
                               ".wh..wh..opq",
                               ".wh.",
                               "./",
                               "/",
                               "../canary",
                               "usr/lib/../x",
                               "new/deep/er"};
  for (int round = 0; round < 1500; ++round) {
    std::string stream;
    for (auto entries = 1 + pick(6); entries > 0; --entries) {
      stream += tar({.name = names[pick(std::size(names))],
                     .type = kTypes[pick(kTypes.size())],
                     .content = std::string(pick(3) * 300, 'c'),
                     .link = names[pick(std::size(names))],
                     .mode = static_cast<unsigned>(pick(0200000)),
                     .uid = pick(5) == 0 ? 07777777U : 0U,
                     .minor = static_cast<unsigned>(pick(2)),
                     .claimed_size = pick(8) == 0 ? static_cast<std::int64_t>(pick(1 << 20)) : -1});
    }
    clear();
    add(lower());
    try_add(stream + (pick(2) == 0 ? kEndMark : ""));
  }
}

TEST_F(Damage, SurvivesDamagedCompression) {
  for (const auto compression : {Compression::kGzip, Compression::kZstd}) {
    const auto whole = compressed(upper(), compression);
    for (int round = 0; round < 400; ++round) {
      auto stream = whole;
      for (auto flips = 1 + pick(3); flips > 0; --flips)
        stream[pick(stream.size())] ^= static_cast<char>(1U << pick(8));
      stream.resize(stream.size() - pick(2) * pick(stream.size()));
      clear();
      add(lower());
      try_add(stream);
    }
  }
}

}  // namespace

}  // namespace sdme::test
