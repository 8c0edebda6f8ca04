// SPDX-License-Identifier: MIT
#include "machine/former_names.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

namespace sdme::machine {
namespace {

class FormerNames : public testing::Test {
 protected:
  void tell(const std::string& name) { tell_new_name(os::Dir::open(temp_ / ""), os::Dir::open(temp_ / ""), name); }
  std::string inside(const std::string& file) const { return test::content(temp_ / ("upper/etc/" + file)); }

  test::TempDir temp_;
};

TEST_F(FormerNames, AreReplacedOnce) {
  test::put(temp_ / "upper/etc/hostname", "web\n");
  test::put(temp_ / "upper/etc/hosts", "127.0.0.1 localhost web\n::1 localhost web\n10.0.0.1 web\n");
  test::put(temp_ / "former-names", "web\nshop\n");
  tell("mall");
  EXPECT_EQ(inside("hostname"), "mall\n");
  EXPECT_EQ(inside("hosts"), "127.0.0.1 localhost mall\n::1 localhost mall\n10.0.0.1 web\n");
  EXPECT_FALSE(std::filesystem::exists(temp_ / "former-names"));
  test::put(temp_ / "upper/etc/hostname", "web\n");
  tell("mall");
  EXPECT_EQ(inside("hostname"), "web\n") << "its administrator wants it so";
}

TEST_F(FormerNames, OthersStay) {
  test::put(temp_ / "upper/etc/hostname", "mine\n");
  test::put(temp_ / "former-names", "web\n");
  tell("mall");
  EXPECT_EQ(inside("hostname"), "mine\n");
}

TEST_F(FormerNames, LinksAreNotFollowed) {
  test::put(temp_ / "victim", "web\n");
  test::put(temp_ / "upper/etc/hosts", "");
  ASSERT_EQ(symlink("../../victim", (temp_ / "upper/etc/hostname").c_str()), 0);
  test::put(temp_ / "former-names", "web\n");
  tell("mall");
  EXPECT_EQ(test::content(temp_ / "victim"), "web\n");
  EXPECT_FALSE(std::filesystem::exists(temp_ / "former-names"));
}

}  // namespace
}  // namespace sdme::machine
