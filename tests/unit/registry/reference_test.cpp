// SPDX-License-Identifier: MIT
#include "registry/reference.hpp"

#include "support/expect_error.hpp"

namespace sdme::registry {

using test::error_of;
using testing::HasSubstr;

const std::string kDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Good {
  std::string text;
  std::string host;
  std::string path;
  std::string tag;
  bool digest = false;
};

TEST(Reference, Grammar) {
  const std::string longest(128, 't');
  for (const auto& [text, host, path, tag, digest] : std::vector<Good>{
           {"debian", "", "debian", "latest"},
           {"debian:trixie", "", "debian", "trixie"},
           {"user/name", "", "user/name", "latest"},
           {"a/b/c:1", "", "a/b/c", "1"},
           {"localhost/x", "localhost", "x", "latest"},
           {"localhost:5000/x", "localhost:5000", "x", "latest"},
           {"host:5000", "", "host", "5000"},
           {"127.0.0.1:5000/t/multi:1", "127.0.0.1:5000", "t/multi", "1"},
           {"[::1]:5000/x:y", "[::1]:5000", "x", "y"},
           {"[2001:db8::1]/x", "[2001:db8::1]", "x", "latest"},
           {"quay.io/fedora/fedora@" + kDigest, "quay.io", "fedora/fedora", "", true},
           {"quay.io/a/b:tag@" + kDigest, "quay.io", "a/b", "tag", true},
           {"docker.io/debian", "docker.io", "library/debian", "latest"},
           {"docker.io/user/x", "docker.io", "user/x", "latest"},
           {"index.docker.io/debian", "docker.io", "library/debian", "latest"},
           {"registry-1.docker.io/library/debian", "docker.io", "library/debian", "latest"},
           {"HOST/x", "host", "x", "latest"},
           {"Example.COM:443/x", "example.com:443", "x", "latest"},
           {"a.b/x__y/z--1---2.3:A_b.c-d", "a.b", "x__y/z--1---2.3", "A_b.c-d"},
           {"x:" + longest, "", "x", longest},
       }) {
    const auto reference = Reference::parse(text);
    EXPECT_EQ(reference.host, host) << text;
    EXPECT_EQ(reference.path, path) << text;
    EXPECT_EQ(reference.tag, tag) << text;
    EXPECT_EQ(reference.digest.has_value(), digest) << text;
    EXPECT_EQ(Reference::parse(reference.str()).str(), reference.str()) << text;
    EXPECT_EQ(Reference::parse(reference.str()).host, reference.host) << text;
  }
}

TEST(Reference, DigestWins) {
  EXPECT_EQ(Reference::parse("a.b/x:tag@" + kDigest).version(), kDigest);
  EXPECT_EQ(Reference::parse("a.b/x:tag").version(), "tag");
}

TEST(Reference, RefusesWhatIsNone) {
  for (const auto& text : std::vector<std::string>{"",
                                                   "/",
                                                   ":",
                                                   "@",
                                                   "x/",
                                                   "/x",
                                                   "x//y",
                                                   "X",
                                                   "x/Y",
                                                   "x y",
                                                   "x\n",
                                                   std::string("x\0y", 3),
                                                   "x:",
                                                   "x:.a",
                                                   "x:-a",
                                                   "x:a/b",
                                                   "x:" + std::string(129, 't'),
                                                   "x:ä",
                                                   "-x",
                                                   "x-",
                                                   ".x",
                                                   "x.",
                                                   "x..y",
                                                   "x___y",
                                                   "x._y",
                                                   "_x",
                                                   "../x",
                                                   "a.b/../x",
                                                   "a.b/./x",
                                                   "host:0/x",
                                                   "host:65536/x",
                                                   "host:/x",
                                                   "host:5a/x",
                                                   "-a.b/x",
                                                   "a-.b/x",
                                                   "a..b/x",
                                                   ".a/x",
                                                   "a_b.c/x",
                                                   "[::1/x",
                                                   "[::g]/x",
                                                   "[::1]5/x",
                                                   std::string("[::1\0]/x", 8),
                                                   "http://a.b/x",
                                                   "a.b:1:2/x",
                                                   "u@a.b/x",
                                                   "x@" + kDigest + "0",
                                                   "x@sha256:" + std::string(64, 'A'),
                                                   "x@md5:" + std::string(32, 'a'),
                                                   "x@sha256",
                                                   "x@" + kDigest + "@" + kDigest,
                                                   std::string(64, 'a'),
                                                   "a.b/" + std::string(252, 'x'),
                                                   "x?y",
                                                   "x#y",
                                                   "x%2fy"}) {
    EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { Reference::parse(text); }), HasSubstr("not valid")) << text;
  }
  EXPECT_NO_THROW(Reference::parse("a.b/" + std::string(251, 'x')));
}

TEST(Reference, MessagesAreClean) {
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [] { Reference::parse("x\x1b[31m"); }), testing::Not(HasSubstr("\x1b")));
}

TEST(Reference, AtAPlace) {
  EXPECT_EQ(Reference::parse("x:1").at("docker.io").str(), "docker.io/library/x:1");
  EXPECT_EQ(Reference::parse("x@" + kDigest).at("a.b:5000/ns").str(), "a.b:5000/ns/x@" + kDigest);
}

}  // namespace sdme::registry
