// SPDX-License-Identifier: MIT
#include "layer/measure.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

namespace {

TEST(Measure, IsKeptBesideTheTree) {
  const TempDir dir;
  put(dir / "tree/file", "x");
  const auto layer = os::Dir::open(dir / ".");
  layer::keep_measure(layer, {.size = 7, .entries = 9});
  EXPECT_EQ(layer::measure_of(layer).size, 7U);
  EXPECT_EQ(layer::measure_of(layer).entries, 9U);
}

TEST(Measure, IsCountedWhereNoneIsKept) {
  const TempDir dir;
  put(dir / "tree/a/file", "12345");
  put(dir / "tree/b", "678");
  ASSERT_EQ(link((dir / "tree/b").c_str(), (dir / "tree/again").c_str()), 0);
  std::filesystem::create_symlink("/etc", dir / "tree/link");
  const auto measure = layer::measure_of(os::Dir::open(dir / "."));
  EXPECT_EQ(measure.size, 8U);
  EXPECT_EQ(measure.entries, 6U);
}

TEST(Measure, MustBeOne) {
  const TempDir dir;
  put(dir / "measure.json", "{}");
  error_of(Errc::kCorrupt, [&] { layer::measure_of(os::Dir::open(dir / ".")); });
}

}  // namespace

}  // namespace sdme::test
