// SPDX-License-Identifier: MIT
#include "model/port.hpp"

#include "support/expect_error.hpp"

namespace sdme::model {

using testing::HasSubstr;

TEST(Port, IsReadInEveryForm) {
  const std::pair<const char*, const char*> forms[] = {
      {"80", "80:80/tcp"},
      {"8080:80", "8080:80/tcp"},
      {"53/udp", "53:53/udp"},
      {"8080:80/tcp", "8080:80/tcp"},
      {"127.0.0.1:80", "127.0.0.1:80:80/tcp"},
      {"127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp"},
      {"0.0.0.0:5353:53/udp", "0.0.0.0:5353:53/udp"},
      {"[::1]:8080:80", "[::1]:8080:80/tcp"},
      {"[0:0::1]:80/udp", "[::1]:80:80/udp"},
      {"65535:1", "65535:1/tcp"},
  };
  for (const auto& [given, whole] : forms) {
    EXPECT_EQ(Port::parse(given).str(), whole) << given;
    EXPECT_EQ(Port::parse(whole).str(), whole);
  }
}

TEST(Port, RefusesWhatIsNone) {
  for (const auto* text : {"",
                           "0",
                           "65536",
                           "8080:0",
                           "8080:70000",
                           "99999999999999999999",
                           "-1",
                           "+80",
                           " 80",
                           "80 ",
                           "a",
                           "80:",
                           ":80",
                           "80/sctp",
                           "80/",
                           "1:2:3",
                           "1.2.3:80:80",
                           "1.2.3.4:",
                           "localhost:80:80",
                           "[::1]80",
                           "[::1",
                           "[]:80",
                           "[1.2.3.4]:80",
                           "[::ffff:1.2.3.4]:80",
                           "[fe80::1]:80",
                           "[ff02::1]:80/udp",
                           "::1:80:80",
                           "1.2.3.4:1:2:3",
                           "80/tcp/udp"}) {
    test::error_of(Errc::kInvalidArgument, [&] { Port::parse(text); });
  }
  EXPECT_THAT(test::error_of(Errc::kInvalidArgument, [] { Port::parse("70000:80"); }), HasSubstr("1 to 65535"));
}

TEST(Port, CollidesWhereOneSocketWouldKeepTheOtherOut) {
  const auto collide = [](const char* a, const char* b) {
    const bool either = Port::parse(a).collides(Port::parse(b));
    EXPECT_EQ(either, Port::parse(b).collides(Port::parse(a)));
    return either;
  };
  EXPECT_TRUE(collide("80:1", "80:2"));
  EXPECT_TRUE(collide("80", "127.0.0.1:80"));
  EXPECT_TRUE(collide("0.0.0.0:80:1", "127.0.0.1:80"));
  EXPECT_TRUE(collide("[::]:80:1", "[::1]:80"));
  EXPECT_FALSE(collide("80", "81"));
  EXPECT_FALSE(collide("80", "80/udp"));
  EXPECT_FALSE(collide("127.0.0.1:80", "127.0.0.2:80"));
  EXPECT_FALSE(collide("127.0.0.1:80", "[::1]:80"));
  EXPECT_FALSE(collide("0.0.0.0:80", "[::1]:80"));
}

}  // namespace sdme::model
