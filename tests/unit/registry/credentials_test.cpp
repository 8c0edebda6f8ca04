// SPDX-License-Identifier: MIT
#include "registry/credentials.hpp"

#include "support/expect_error.hpp"

namespace sdme::registry {

using test::error_of;
using testing::HasSubstr;
using testing::Not;

TEST(Credentials, TheMostSpecificKeyCounts) {
  const auto credentials = Credentials::parse(R"({"auths": {
    "a.b:5000": {"username": "host", "password": "p"},
    "a.b:5000/ns": {"username": "ns", "password": "p"},
    "a.b:5000/ns/repo": {"username": "repo", "password": "p"}}})");
  EXPECT_EQ(credentials.find("a.b:5000", "ns/repo")->user, "repo");
  EXPECT_EQ(credentials.find("a.b:5000", "ns/repo/deeper")->user, "repo");
  EXPECT_EQ(credentials.find("a.b:5000", "ns/repository")->user, "ns");
  EXPECT_EQ(credentials.find("a.b:5000", "other/x")->user, "host");
  EXPECT_EQ(credentials.find("a.b", "ns/repo"), nullptr);
  EXPECT_EQ(credentials.find("a.b:50", "ns/repo"), nullptr);
}

TEST(Credentials, DockerHubHasManyNames) {
  for (const auto* key : {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "https://registry-1.docker.io",
                          "registry-1.docker.io/v2/", "http://index.docker.io/v1"}) {
    const auto credentials =
        Credentials::parse(std::string(R"({"auths": {")") + key + R"(": {"username": "u", "password": "p"}}})");
    ASSERT_NE(credentials.find("docker.io", "library/debian"), nullptr) << key;
  }
}

TEST(Credentials, APartIsNotTheWhole) {
  const auto credentials = Credentials::parse(R"({"auths": {"a.b/ns/v1": {"username": "u", "password": "p"}}})");
  EXPECT_NE(credentials.find("a.b", "ns/v1/x"), nullptr);
  EXPECT_EQ(credentials.find("a.b", "ns/x"), nullptr);
  EXPECT_EQ(Credentials::parse(R"({"auths": {"a.b/v2": {"username": "u"}}})").find("a.b", "x"), nullptr);
  EXPECT_NE(Credentials::parse(R"({"auths": {"https://a.b/v2/": {"username": "u"}}})").find("a.b", "x"), nullptr);
}

TEST(Credentials, HostsHaveNoCase) {
  const auto credentials = Credentials::parse(R"({"auths": {"LocalHost:5000": {"username": "u", "password": "p"}}})");
  EXPECT_NE(credentials.find("localhost:5000", "x"), nullptr);
}

TEST(Credentials, IdentityTokens) {
  const auto credentials = Credentials::parse(R"({"auths": {"a.b": {"identitytoken": "t"}}})");
  EXPECT_EQ(credentials.find("a.b", "x")->identity_token, "t");
  EXPECT_TRUE(credentials.find("a.b", "x")->user.empty());
}

TEST(Credentials, MessagesTellNoSecret) {
  for (const std::string text :
       {R"({"auths": {"a.b": {"password": "s3cret"}}})", R"({"auths": {"a.b": "s3cret"}})", R"({"auths": ["s3cret"]})",
        R"({"s3cret": 1})", R"(s3cret)", "", R"({"auths": {"a.b": {"username": 3, "password": "s3cret"}}})",
        R"({"auths": {"a.b": {"username": "u:v", "password": "s3cret"}}})"}) {
    EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { Credentials::parse(text); }), Not(HasSubstr("s3cret"))) << text;
  }
}

}  // namespace sdme::registry
