// SPDX-License-Identifier: MIT
#include "model/path.hpp"

#include <gtest/gtest.h>

namespace sdme::model {

TEST(Path, IsAtOrBelow) {
  EXPECT_TRUE(at_or_below("/var/log", "/var/log"));
  EXPECT_TRUE(at_or_below("/var/log/a", "/var/log"));
  EXPECT_FALSE(at_or_below("/var/logs", "/var/log"));
  EXPECT_FALSE(at_or_below("/var", "/var/log"));
}

}  // namespace sdme::model
