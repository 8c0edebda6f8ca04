// SPDX-License-Identifier: MIT
// What is read from answers of servers: when to try again, ranges, complaints, URLs.
#include "registry/complaint.hpp"
#include "registry/content_range.hpp"
#include "registry/network.hpp"
#include "registry/retry.hpp"
#include "registry/url.hpp"
#include "support/expect_error.hpp"

namespace sdme::registry {

using test::error_of;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::time_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT

Reply answer(long status, std::string retry_after = "", std::string body = "") {
  return {.head = {.status = status, .retry_after = std::move(retry_after)}, .body = std::move(body)};
}

Reply failure(Failure::Kind kind) { return {.failure = Failure{.kind = kind, .reason = "why"}}; }

TEST(RetryAfter, SecondsAndDates) {
  EXPECT_EQ(retry_after("120", kNow), 120s);
  EXPECT_EQ(retry_after("0", kNow), 0s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow), 30s);
  EXPECT_EQ(retry_after("Sunday, 06-Nov-94 08:50:07 GMT", kNow), 30s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", kNow), 0s);
  EXPECT_EQ(retry_after("", kNow), std::nullopt);
  EXPECT_EQ(retry_after("soon", kNow), std::nullopt);
  EXPECT_EQ(retry_after("-5", kNow), std::nullopt);
  EXPECT_LE(retry_after("18446744073709551615", kNow).value(), 24h * 365);
}

TEST(Retry, WaitsLongerEachTimeAndGivesUp) {
  Retry retry(4);
  auto most = 500ms;
  for (int i = 0; i < 4; ++i, most *= 2) {
    const auto wait = retry.next(answer(503));
    ASSERT_TRUE(wait);
    EXPECT_GE(*wait, most / 2);
    EXPECT_LE(*wait, most);
  }
  EXPECT_FALSE(retry.next(answer(503)));
  retry.succeeded();
  EXPECT_TRUE(retry.next(answer(503)));
}

TEST(Retry, DoesWhatTheServerAsks) {
  Retry retry(3);
  EXPECT_EQ(retry.next(answer(429, "7")), 7s);
  EXPECT_EQ(retry.next(answer(503, "9")), 9s);
  EXPECT_FALSE(retry.next(answer(429, "3600")));  // nobody waits an hour
}

TEST(Retry, OnlyWhatMayPass) {
  for (const long status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(Retry(1).next(answer(status))) << status;
  for (const long status : {200, 400, 401, 403, 404, 405, 416, 501})
    EXPECT_FALSE(Retry(1).next(answer(status))) << status;
  EXPECT_TRUE(Retry(1).next(failure(Failure::Kind::kBrokenOff)));
  EXPECT_TRUE(Retry(1).next(failure(Failure::Kind::kTimedOut)));
  EXPECT_FALSE(Retry(1).next(failure(Failure::Kind::kUntrusted)));
  EXPECT_FALSE(Retry(1).next(failure(Failure::Kind::kRefused)));
  EXPECT_FALSE(Retry(0).next(answer(503)));
}

TEST(Retry, NotAllAtOnce) {
  std::set<long> waits;
  for (int i = 0; i < 50; ++i) waits.insert(Retry(1).next(answer(503))->count());
  EXPECT_GT(waits.size(), 5U);
}

TEST(ContentRange, Parses) {
  const auto range = ContentRange::parse("bytes 10-99/100");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->is_rest(10, 100));
  EXPECT_FALSE(range->is_rest(11, 100));
  EXPECT_FALSE(range->is_rest(10, 101));
  EXPECT_FALSE(ContentRange::parse("bytes 10-98/100")->is_rest(10, 100));
  EXPECT_TRUE(ContentRange::parse("bytes 10-99/*")->is_rest(10, 100));
  for (const auto* text : {"", "bytes", "bytes */100", "bytes 9-1/100", "bytes 1-9", "items 1-9/10", "bytes 1-9/x",
                           "bytes -9/10", "bytes 1-18446744073709551615/*", "bytes 1/2-3"}) {
    EXPECT_FALSE(ContentRange::parse(text)) << text;
  }
}

TEST(Complaint, SaysWhatTheRegistrySaid) {
  const auto* body = R"({"errors": [{"code": "DENIED", "message": "not you\u001b[31m"}, {"code": "X"}, 3]})";
  EXPECT_EQ(errors_of(body), "DENIED: not you?[31m; X");
  EXPECT_EQ(errors_of("<html>"), "");
  EXPECT_EQ(errors_of(R"({"errors": 3})"), "");
  EXPECT_EQ(errors_of(R"({"details": "wrong password"})"), "wrong password");
  EXPECT_LE(errors_of(R"({"errors": [{"code": ")" + std::string(100'000, 'x') + "\"}]}").size(), 200U);
}

TEST(Complaint, Codes) {
  const Asked asked = {.who = "registry 'r'", .what = "image 'i'"};
  EXPECT_THAT(error_of(Errc::kAccessDenied, [&] { complain(answer(401), asked); }),
              HasSubstr("none were given for it, or it has no image 'i'"));
  EXPECT_THAT(error_of(Errc::kAccessDenied, [&] { complain(answer(403), {.who = "r", .shown = true}); }),
              HasSubstr("refuses the credentials"));
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { complain(answer(404), asked); }), HasSubstr("has no image 'i'"));
  EXPECT_THAT(error_of(Errc::kNetworkFailed, [&] { complain(answer(404), {.who = "r"}); }), HasSubstr("404"));
  EXPECT_THAT(error_of(Errc::kNetworkFailed, [&] { complain(answer(429, "3600"), asked); }), HasSubstr("3600 s"));
  EXPECT_THAT(error_of(Errc::kNetworkFailed, [&] { complain(failure(Failure::Kind::kUnreachable), asked); }),
              HasSubstr("cannot be reached: why"));
  auto elsewhere = answer(403);
  elsewhere.elsewhere = true;
  error_of(Errc::kNetworkFailed, [&] { complain(elsewhere, asked); });
}

TEST(Url, TakenApart) {
  const auto url = Url::parse("HTTPS://User:pw@Example.com:443/a/b%20c.tar.gz?q=1#f");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->has_user);
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->authority(), "example.com");
  EXPECT_EQ(url->last_name(), "b c.tar.gz");
  EXPECT_THAT(url->text, Not(HasSubstr("pw")));
  EXPECT_THAT(url->text, Not(HasSubstr("#")));
  EXPECT_TRUE(url->encrypted());
  EXPECT_EQ(Url::parse("http://h:8080/")->authority(), "h:8080");
  EXPECT_EQ(Url::parse("http://h")->last_name(), "");
  EXPECT_EQ(Url::parse("http://[::1]:5000/x")->authority(), "[::1]:5000");
  for (const auto* text : {"", "file:///etc/passwd", "ftp://h/x", "http://", "h/x", "https://a b/", "http://h:99999/",
                           "gopher://h", "http://h/\nx"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
}

TEST(Url, SameOrigin) {
  const auto url = *Url::parse("https://h/x");
  EXPECT_TRUE(url.same_origin(*Url::parse("https://H:443/y")));
  EXPECT_FALSE(url.same_origin(*Url::parse("https://h:444/x")));
  EXPECT_FALSE(url.same_origin(*Url::parse("http://h:443/x")));
  EXPECT_FALSE(url.same_origin(*Url::parse("https://h.evil/x")));
}

TEST(Url, QueriesAreEncoded) {
  const auto url = Url::parse("https://h/token?a=1")->with_query("scope", "repository:a/b:pull&x=y z");
  EXPECT_TRUE(url.text.starts_with("https://h/token?a=1&scope=repository"));
  EXPECT_THAT(url.text, Not(HasSubstr("&x=y")));
  EXPECT_THAT(url.text, Not(HasSubstr(" ")));
  EXPECT_EQ(form_encoded("a b&c=d"), "a%20b%26c%3Dd");
}

TEST(Network, IsBounded) {
  EXPECT_EQ(Network::from_json(json::Value::object()).parallel, 3);
  EXPECT_EQ(Network::from_json({{"parallel", 5}, {"low_speed_sec", 7}}).low_speed, 7s);
  error_of(Errc::kCorrupt, [] { Network::from_json({{"parallel", 0}}); });
  error_of(Errc::kCorrupt, [] { Network::from_json({{"retries", 1000}}); });
  error_of(Errc::kCorrupt, [] { Network::from_json({{"http_proxy", 3}}); });
}

}  // namespace sdme::registry
