// SPDX-License-Identifier: MIT
#include "store/pods.hpp"

#include <fstream>

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {

class PodsTest : public testing::Test {
 protected:
  Pods open() { return Pods(os::Dir::open(dir_.path())); }
  static model::PodRecord pod(const std::string& name, const std::string& uuid = std::string(32, 'a')) {
    return {.name = model::PodName::parse(name), .uuid = uuid, .owner = 1000};
  }
  test::TempDir dir_;
};

TEST_F(PodsTest, AreThereAgain) {
  auto pods = open();
  pods.put(pod("shop"));
  auto changed = pod("shop");
  changed.ports = {model::Port::parse("8080:80")};
  pods.put(changed);
  const auto again = open();
  ASSERT_NE(again.find("shop"), nullptr);
  EXPECT_EQ(again.find("shop")->ports.size(), 1U);
}

TEST_F(PodsTest, AnotherOfTheNameIsRefused) {
  auto pods = open();
  pods.put(pod("shop"));
  test::error_of(Errc::kAlreadyExists, [&] { pods.put(pod("shop", std::string(32, 'b'))); });
  pods.remove("shop");
  EXPECT_NO_THROW(pods.put(pod("shop", std::string(32, 'b'))));
  EXPECT_NO_THROW(pods.remove("nosuch"));
}

TEST_F(PodsTest, OneThatCannotBeReadKeepsItsName) {
  std::ofstream(std::string(dir_.path()) + "/shop.json") << "{";
  auto pods = open();
  EXPECT_EQ(pods.find("shop"), nullptr);
  test::error_of(Errc::kAlreadyExists, [&] { pods.put(pod("shop")); });
  pods.put(pod("other"));
  EXPECT_NE(open().find("other"), nullptr);
}

}  // namespace sdme::store
