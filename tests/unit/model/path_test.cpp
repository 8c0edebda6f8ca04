// SPDX-License-Identifier: MIT
#include "model/path.hpp"

#include "support/expect_error.hpp"

namespace sdme::model {

TEST(Path, IsAtOrBelow) {
  EXPECT_TRUE(at_or_below("/var/log", "/var/log"));
  EXPECT_TRUE(at_or_below("/var/log/a", "/var/log"));
  EXPECT_FALSE(at_or_below("/var/logs", "/var/log"));
  EXPECT_FALSE(at_or_below("/var", "/var/log"));
}

TEST(Path, HasNamesThatFileSystemsTake) {
  EXPECT_NO_THROW(check_path("/srv/" + std::string(255, 'a'), "path"));
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [] { check_path("/srv/" + std::string(256, 'a'), "path"); }),
              testing::HasSubstr("too long a name"));
}

}  // namespace sdme::model
