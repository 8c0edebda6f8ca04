// SPDX-License-Identifier: MIT
#include "store/agreement.hpp"

#include "store/records.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RequirementTest : public testing::Test {
 protected:
  const model::ContainerRecord& put(const std::string& name, std::vector<std::string> requirements = {}) {
    auto record = test::container(name, "debian", {test::kLayerA});
    record.definition.requirements = std::move(requirements);
    catalogue_.put(record);
    return *catalogue_.find_container(name);
  }
  std::vector<std::string> order(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto* one : required_by(catalogue_, *catalogue_.find_container(name))) names.push_back(one->name.str());
    return names;
  }

  test::TempDir dir_;
  Catalogue catalogue_;
  Pods pods_{os::Dir::open(dir_.path())};
};

TEST_F(RequirementTest, RequiredOnesComeInOrderAndOnce) {
  put("base");
  put("db", {"base"});
  put("cache", {"base"});
  put("web", {"cache", "db", "base"});
  EXPECT_THAT(order("web"), ElementsAre("base", "cache", "db"));
  EXPECT_THAT(order("base"), IsEmpty());
  EXPECT_THAT(requiring(catalogue_, "base"), ElementsAre("cache", "db", "web"));
}

TEST_F(RequirementTest, OneThatIsGoneIsNamed) {
  const auto& web = put("web", {"gone"});
  EXPECT_THAT(test::error_of(Errc::kNotFound, [&] { required_by(catalogue_, web); }), HasSubstr("'gone'"));
}

TEST_F(RequirementTest, NobodyRequiresHimself) {
  put("base");
  put("db", {"base"});
  auto base = test::container("base", "debian", {test::kLayerA});
  for (const std::string name : {"base", "db"}) {
    base.definition.requirements = {name};
    test::error_of(Errc::kInvalidArgument, [&] { check_agreement({.catalogue = catalogue_, .pods = pods_}, base); });
  }
}

TEST_F(RequirementTest, WhatGoesByItselfIsRequiredByNone) {
  auto passing = test::container("passing", "debian", {test::kLayerA});
  passing.definition.ephemeral = true;
  catalogue_.put(passing);
  auto web = test::container("web", "debian", {test::kLayerA});
  web.definition.requirements = {"passing"};
  EXPECT_THAT(
      test::error_of(Errc::kInvalidArgument, [&] { check_agreement({.catalogue = catalogue_, .pods = pods_}, web); }),
      HasSubstr("'passing'"));
  put("db");
  put("front", {"db"});
  auto db = test::container("db", "debian", {test::kLayerA});
  db.definition.ephemeral = true;
  EXPECT_THAT(test::error_of(Errc::kInUse, [&] { check_agreement({.catalogue = catalogue_, .pods = pods_}, db); }),
              HasSubstr("front"));
}

}  // namespace
}  // namespace sdme::store
