// SPDX-License-Identifier: MIT
#include "provision/provision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "image/verb_run.hpp"
#include "support/temp_dir.hpp"

// What is decided before a command runs; those run in the system suite.
namespace sdme::provision {
namespace {

using testing::HasSubstr;

const std::string kId(64, '0');

class Provision : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(dir_ / "out");
    test::put(tree("etc/os-release"), "ID=nothing-we-know\nPRETTY_NAME=\"Some OS\"\n");
  }
  std::string tree(const std::string& path) const { return dir_ / ("staging/layers/" + kId + "/tree/" + path); }
  void executable(const std::string& path) {
    test::put(tree(path), "x");
    ASSERT_EQ(chmod(tree(path).c_str(), 0755), 0);
  }
  json::Value run(const std::string& install) {
    return test::run_verb(run_provision,
                          {{"verb", "provision"},
                           {"job", 1},
                           {"staging", dir_ / "staging"},
                           {"limits", {{"bytes", 1'000'000}, {"entries", 1000}}},
                           {"install", install},
                           {"before", before_}},
                          dir_ / "out")
        .result;
  }
  json::Value error_of(const std::string& install) { return run(install).at("error"); }

  test::TempDir dir_;
  json::Value before_ = {{"layers", {{{"id", kId}, {"diff_id", "sha256:" + kId}, {"size", 1}, {"entries", 1}}}},
                         {"size", 1},
                         {"entries", 1},
                         {"missing", {"systemd"}},
                         {"next", "provision"}};
};

TEST_F(Provision, OfAnUnknownDistributionFailsWhenItMustBe) {
  const auto error = error_of("yes");
  EXPECT_EQ(error.at("code"), "NotSupported");
  EXPECT_THAT(error.at("message"), HasSubstr("no file in distros.d knows the distribution 'nothing-we-know'"));
}

TEST_F(Provision, OfAnUnknownDistributionGoesWithoutAndSaysSo) {
  auto result = run("auto").at("result");
  EXPECT_THAT(result.at("warning"), HasSubstr("it lacks systemd, dbus and login to boot: no file in distros.d"));
  result.erase("warning");
  before_.erase("next");
  EXPECT_EQ(result, before_);
}

TEST_F(Provision, KeepsTheWarningOfBefore) {
  before_["warning"] = "earlier";
  EXPECT_THAT(run("auto").at("result").at("warning"), testing::StartsWith("earlier; it lacks"));
}

TEST_F(Provision, LooksItselfAtWhatIsMissing) {
  for (const auto* path : {"usr/lib/systemd/systemd", "usr/bin/dbus-daemon"}) executable(path);
  for (const auto* path : {"usr/lib/systemd/system/dbus.service", "etc/pam.d/login"}) test::put(tree(path), "");
  EXPECT_EQ(run("yes").at("result").at("layers").size(), 1U);
}

TEST_F(Provision, BelievesNoDescriptionThatIsWrong) {
  for (const auto& layers : {json::Value::array(), json::Value("x"), json::Value{{{"id", "../../etc"}}},
                             json::Value{{{"id", 1}}}, json::Value::array({json::Value::object()})}) {
    before_["layers"] = layers;
    for (const auto* install : {"yes", "auto"}) {
      EXPECT_EQ(error_of(install).at("code"), "Corrupt") << layers.dump();
    }
  }
  before_["layers"] = json::Value::array();
  for (int i = 0; i < 600; ++i) before_["layers"].push_back({{"id", kId}});
  EXPECT_EQ(error_of("auto").at("code"), "LimitExceeded");
}

TEST_F(Provision, FollowsNoLinkToALayer) {
  std::filesystem::rename(dir_ / "staging/layers", dir_ / "elsewhere");
  std::filesystem::create_symlink(dir_ / "elsewhere", dir_ / "staging/layers");
  EXPECT_EQ(error_of("auto").at("code"), "NotFound");
}

}  // namespace
}  // namespace sdme::provision
