// SPDX-License-Identifier: MIT
// What this host's administrator says: registries.conf, policy.json, certs.d.
#include "registry/policy.hpp"
#include "registry/registries.hpp"
#include "registry/trust.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::registry {

using test::error_of;
using test::put;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kDigest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Registries conf(const std::string& text) {
  Registries made;
  made.add(text, "conf");
  return made;
}

std::vector<std::string> meanings(const Registries& registries, const std::string& name) {
  std::vector<std::string> found;
  for (const auto& reference : registries.expand(Reference::parse(name))) found.push_back(reference.str());
  return found;
}

std::vector<std::string> places(const Registries& registries, const std::string& name) {
  std::vector<std::string> found;
  for (const auto& place : registries.places(Reference::parse(name))) {
    found.push_back(place.host + " " + place.path + (place.insecure ? " insecure" : "") +
                    (place.mirror ? " mirror" : ""));
  }
  return found;
}

TEST(Registries, WithoutConfiguration) {
  const Registries none;
  EXPECT_THAT(meanings(none, "debian"), ElementsAre("docker.io/library/debian:latest"));
  EXPECT_THAT(meanings(none, "user/x:1"), ElementsAre("docker.io/user/x:1"));
  EXPECT_THAT(meanings(none, "a.b/x"), ElementsAre("a.b/x:latest"));
  EXPECT_THAT(places(none, "a.b/x"), ElementsAre("a.b x"));
}

TEST(Registries, ShortNames) {
  const auto registries = conf(R"(
    unqualified-search-registries = ["one.example", "two.example:5000/ns"]
    [aliases]
    "debian" = "docker.io/library/debian"
    "fedora/base" = "quay.io/fedora/base"
  )");
  EXPECT_THAT(meanings(registries, "debian:13"), ElementsAre("docker.io/library/debian:13"));
  EXPECT_THAT(meanings(registries, "fedora/base" + kDigest), ElementsAre("quay.io/fedora/base" + kDigest));
  EXPECT_THAT(meanings(registries, "x:1"), ElementsAre("one.example/x:1", "two.example:5000/ns/x:1"));
  EXPECT_THAT(meanings(registries, "localhost/x"), ElementsAre("localhost/x:latest"));
}

TEST(Registries, EnforcingListsCandidates) {
  const auto registries = conf(R"(
    unqualified-search-registries = ["one.example", "two.example"]
    short-name-mode = "enforcing"
  )");
  const auto message = error_of(Errc::kInvalidArgument, [&] { meanings(registries, "x"); });
  EXPECT_THAT(message, HasSubstr("one.example/x:latest or two.example/x:latest"));
  EXPECT_THAT(meanings(conf("unqualified-search-registries = ['one.example']\nshort-name-mode = 'enforcing'"), "x"),
              ElementsAre("one.example/x:latest"));
  error_of(Errc::kInvalidArgument, [] { meanings(conf("unqualified-search-registries = []"), "x"); });
}

TEST(Registries, LongestPrefixWins) {
  const auto registries = conf(R"(
    [[registry]]
    prefix = "a.b"
    location = "other:5000"
    [[registry]]
    prefix = "a.b/ns"
    location = "c.d/moved"
    insecure = true
    [[registry]]
    location = "plain:5000"
    insecure = true
    [[registry]]
    prefix = "*.wild.example"
    insecure = true
    [[registry]]
    prefix = "*.moved.example"
    location = "new.example/old"
    [[registry]]
    prefix = "a.b/one/image:1"
    location = "pinned.example/image"
  )");
  EXPECT_THAT(places(registries, "a.b/x"), ElementsAre("other:5000 x"));
  EXPECT_THAT(places(registries, "a.b/ns/x"), ElementsAre("c.d moved/x insecure"));
  EXPECT_THAT(places(registries, "a.b/nsx"), ElementsAre("other:5000 nsx"));
  EXPECT_THAT(places(registries, "a.b:443/x"), ElementsAre("a.b:443 x"));
  EXPECT_THAT(places(registries, "a.bc/x"), ElementsAre("a.bc x"));
  EXPECT_THAT(places(registries, "plain:5000/x"), ElementsAre("plain:5000 x insecure"));
  EXPECT_THAT(places(registries, "plain:50000/x"), ElementsAre("plain:50000 x"));
  EXPECT_THAT(places(registries, "s.wild.example/x"), ElementsAre("s.wild.example x insecure"));
  EXPECT_THAT(places(registries, "s.t.wild.example/x"), ElementsAre("s.t.wild.example x insecure"));
  EXPECT_THAT(places(registries, "wild.example/x"), ElementsAre("wild.example x"));
  EXPECT_THAT(places(registries, "evil.example/s.wild.example"), ElementsAre("evil.example s.wild.example"));
  EXPECT_THAT(places(registries, "s.moved.example/x"), ElementsAre("new.example old/x"));
  EXPECT_THAT(places(registries, "s.wild.example:5000/x"), ElementsAre("s.wild.example:5000 x insecure"));
  EXPECT_THAT(places(registries, "s.moved.example:5000/x"), ElementsAre("new.example old/x"));
  EXPECT_THAT(places(registries, "a.b/one/image:1"), ElementsAre("pinned.example image"));
  EXPECT_THAT(places(registries, "a.b/one/image:2"), ElementsAre("other:5000 one/image"));
}

TEST(Registries, Mirrors) {
  const auto registries = conf(R"(
    [[registry]]
    prefix = "a.b"
    [[registry.mirror]]
    location = "m1:5000"
    insecure = true
    [[registry.mirror]]
    location = "m2.example/cache"
    pull-from-mirror = "digest-only"
    [[registry.mirror]]
    location = "m3.example"
    pull-from-mirror = "tag-only"
    [[registry]]
    location = "digests.example"
    mirror-by-digest-only = true
    [[registry.mirror]]
    location = "m4.example"
  )");
  EXPECT_THAT(places(registries, "a.b/x:1"), ElementsAre("m1:5000 x insecure mirror", "m3.example x mirror", "a.b x"));
  EXPECT_THAT(places(registries, "a.b/x" + kDigest),
              ElementsAre("m1:5000 x insecure mirror", "m2.example cache/x mirror", "a.b x"));
  EXPECT_THAT(places(registries, "digests.example/x"), ElementsAre("digests.example x"));
  EXPECT_THAT(places(registries, "digests.example/x" + kDigest),
              ElementsAre("m4.example x mirror", "digests.example x"));
}

TEST(Registries, Blocked) {
  const auto registries = conf(R"(
    [[registry]]
    prefix = "a.b/bad"
    blocked = true
    [[registry]]
    prefix = "*.bad.example"
    blocked = true
  )");
  EXPECT_THAT(error_of(Errc::kAccessDenied, [&] { places(registries, "a.b/bad/x"); }), HasSubstr("blocked by conf"));
  EXPECT_THAT(places(registries, "a.b/good"), ElementsAre("a.b good"));
  error_of(Errc::kAccessDenied, [&] { places(registries, "s.bad.example/x"); });
  error_of(Errc::kAccessDenied, [&] { places(registries, "s.bad.example:5000/x"); });
  EXPECT_THAT(places(registries, "s.bad.examples:5000/x"), ElementsAre("s.bad.examples:5000 x"));
}

TEST(Registries, FaultsNameTheLine) {
  for (const auto* text : {"x = ", "unqualified-search-registries = 'a'", "[[registry]]\ninsecure = true",
                           "[[registry]]\nlocation = 3", "[[registry]]\nlocation = 'a.b'\ninsecure = 'yes'",
                           "[[registry]]\nlocation='a.b'\n[[registry.mirror]]\ninsecure=true",
                           "[[registry]]\nlocation='a.b'\n[[registry.mirror]]\nlocation='c.d'\npull-from-mirror='x'",
                           "[aliases]\n'x' = 'UPPER/CASE/X'", "[registries.search]\nregistries = ['a']"}) {
    EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { conf(text); }), HasSubstr("conf, line ")) << text;
  }
}

TEST(Registries, FilesInOrder) {
  const test::TempDir root;
  put(root / "usr/share/containers/registries.conf", "unqualified-search-registries = ['vendor.example']");
  EXPECT_THAT(meanings(Registries::load(root.path()), "x"), ElementsAre("vendor.example/x:latest"));
  put(root / "etc/containers/registries.conf", "unqualified-search-registries = ['own.example']");
  EXPECT_THAT(meanings(Registries::load(root.path()), "x"), ElementsAre("own.example/x:latest"));
  put(root / "usr/share/containers/registries.conf.d/50-a.conf", "[[registry]]\nlocation = 'a.b'\ninsecure = true");
  put(root / "etc/containers/registries.conf.d/60-b.conf", "[[registry]]\nlocation = 'c.d'\ninsecure = true");
  put(root / "etc/containers/registries.conf.d/70-no.txt", "not toml");
  EXPECT_THAT(places(Registries::load(root.path()), "a.b/x"), ElementsAre("a.b x insecure"));
  EXPECT_THAT(places(Registries::load(root.path()), "c.d/x"), ElementsAre("c.d x insecure"));
  put(root / "etc/containers/registries.conf.d/50-a.conf", "");  // hides the vendor's
  EXPECT_THAT(places(Registries::load(root.path()), "a.b/x"), ElementsAre("a.b x"));
  put(root / "etc/containers/registries.conf.d/90-c.conf", "[[registry]]\nlocation = 'c.d'");  // the later one counts
  EXPECT_THAT(places(Registries::load(root.path()), "c.d/x"), ElementsAre("c.d x"));
}

TEST(Policy, Scopes) {
  const auto policy = Policy::parse(R"({"default": [{"type": "reject"}], "transports": {
    "docker": {
      "ok.example": [{"type": "insecureAcceptAnything"}],
      "ok.example/bad": [{"type": "reject"}],
      "ok.example/bad/good:1": [{"type": "insecureAcceptAnything"}],
      "*.wild.example": [{"type": "insecureAcceptAnything"}],
      "signed.example": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}],
      "both.example": [{"type": "insecureAcceptAnything"}, {"type": "reject"}]},
    "docker-daemon": {"": [{"type": "insecureAcceptAnything"}]}}})");
  const auto check = [&](const std::string& name) { policy.check(Reference::parse(name)); };
  EXPECT_NO_THROW(check("ok.example/x"));
  EXPECT_NO_THROW(check("ok.example/bad/good:1"));
  EXPECT_NO_THROW(check("s.wild.example/x"));
  EXPECT_NO_THROW(check("s.t.wild.example/x"));
  EXPECT_NO_THROW(check("s.wild.example:5000/x"));  // a pattern has no port
  for (const auto* name : {"ok.example/bad", "ok.example/bad/x", "ok.example/bad/good:2", "wild.example/x",
                           "other.example/x", "ok.example:443/x", "both.example/x"}) {
    EXPECT_THAT(error_of(Errc::kAccessDenied, [&] { check(name); }), HasSubstr("rejects")) << name;
  }
  EXPECT_THAT(error_of(Errc::kNotSupported, [&] { check("signed.example/x"); }), HasSubstr("signature (signedBy)"));
}

TEST(Policy, AllOfATransport) {
  const auto policy = Policy::parse(
      R"({"default": [{"type": "reject"}], "transports": {"docker": {"": [{"type": "insecureAcceptAnything"}]}}})");
  EXPECT_NO_THROW(policy.check(Reference::parse("a.b/x")));
}

TEST(Policy, OneFaultMakesItUnusable) {
  for (const auto* text :
       {"", "[]", "{}", R"({"default": []})", R"({"default": [{"type": "new"}]})", R"({"default": [{}]})",
        R"({"default": [{"type": "reject"}], "more": 1})", R"({"default": [{"type": "reject", "key": 1}]})",
        R"({"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]})",
        R"({"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"x": {"type": "reject"}}}})",
        R"({"default": [{"type": "insecureAcceptAnything"}], "transports": []})"}) {
    error_of(Errc::kInvalidArgument, [&] { Policy::parse(text); });
  }
}

TEST(Policy, WithoutAFile) {
  const test::TempDir root;
  EXPECT_NO_THROW(Policy::load(root.path()).check(Reference::parse("a.b/x")));
}

TEST(Trusts, Directories) {
  const test::TempDir root;
  put(root / "etc/docker/certs.d/h:5000/ca.crt", "DOCKER");
  put(root / "etc/docker/certs.d/only-docker/ca.crt", "ONLY");
  put(root / "etc/containers/certs.d/h:5000/ca.crt", "CONTAINERS");
  put(root / "etc/containers/certs.d/h:5000/more.crt", "MORE");
  put(root / "etc/containers/certs.d/h:5000/client.cert", "C");
  put(root / "etc/containers/certs.d/h:5000/client.key", "K");
  put(root / "etc/containers/certs.d/lonely/client.cert", "C");
  Trusts trusts(root.path());
  EXPECT_THAT(trusts.of("h:5000").authorities, HasSubstr("CONTAINERS\nMORE"));
  EXPECT_THAT(trusts.of("h:5000").authorities, testing::Not(HasSubstr("DOCKER")));
  EXPECT_TRUE(trusts.of("h:5000").certificate.ends_with("client.cert"));
  EXPECT_TRUE(trusts.of("h:5000").key.ends_with("client.key"));
  EXPECT_THAT(trusts.of("only-docker").authorities, HasSubstr("ONLY"));
  EXPECT_EQ(trusts.of("h").authorities, "");
  EXPECT_TRUE(trusts.of("h").verify);
  error_of(Errc::kInvalidArgument, [&] { trusts.of("lonely"); });
}

TEST(Trusts, InsecureHosts) {
  Trusts trusts;
  const auto& known = trusts.of("h:1");
  EXPECT_TRUE(known.verify);
  trusts.never_verify("h:1");
  EXPECT_FALSE(known.verify);
  EXPECT_FALSE(trusts.of("h:1").verify);
  EXPECT_TRUE(trusts.of("h:2").verify);
}

}  // namespace sdme::registry
