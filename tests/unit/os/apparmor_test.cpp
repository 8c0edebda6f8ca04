// SPDX-License-Identifier: MIT
#include "os/apparmor.hpp"

#include "support/expect_error.hpp"

namespace sdme::os {

// Whatever this host has, a profile that cannot be used is never none.
TEST(AppArmor, IsNotSilentlyNone) {
  const auto code = has_apparmor() ? Errc::kNotFound : Errc::kNotSupported;
  const auto message = test::error_of(code, [] { confine_next_program("sdmed-no-such-profile"); });
  EXPECT_THAT(message, testing::HasSubstr("'sdmed-no-such-profile'"));
}

}  // namespace sdme::os
