// SPDX-License-Identifier: MIT
#include "model/bind.hpp"

#include "support/expect_error.hpp"

namespace sdme::model {

TEST(Bind, IsReadInEveryForm) {
  const std::pair<const char*, const char*> forms[] = {
      {"/srv:/data", "/srv:/data:rw"},
      {"/srv:/data:ro", "/srv:/data:ro"},
      {"/srv:/data:rw,dev,suid", "/srv:/data:rw,dev,suid"},
      {"/a\\:b:/c\\\\d", "/a\\:b:/c\\\\d:rw"},
      {"data:/var/lib/data", "data:/var/lib/data:rw"},
  };
  for (const auto& [given, whole] : forms) {
    EXPECT_EQ(Bind::parse(given).str(), whole) << given;
    EXPECT_EQ(Bind::parse(whole), Bind::parse(given));
  }
  EXPECT_EQ(Bind::parse("/a\\:b:/c").source, "/a:b");
  EXPECT_TRUE(Bind::parse("data:/x").is_volume());
  EXPECT_FALSE(Bind::parse("/data:/x").is_volume());
}

TEST(Bind, RefusesWhatIsNone) {
  for (const auto* text : {"",
                           "/srv",
                           ":/data",
                           "/srv:",
                           "/srv:data",
                           "srv/x:/data",
                           "Data:/x",
                           "/srv/../etc:/data",
                           "/:/data",
                           "/srv:/",
                           "/srv:/proc",
                           "/srv:/proc/1",
                           "/srv:/sys/fs",
                           "/srv:/dev/x",
                           "/srv:/run",
                           "/srv:/run/host/x",
                           "/srv:/run/systemd/private",
                           "/srv:/data:xx",
                           "/srv:/data:",
                           "/srv:/data:ro:ro",
                           "/srv:/data:rw,ro",
                           "/srv/:/data",
                           "/srv:/a//b",
                           "/srv:/a\nb"}) {
    test::error_of(Errc::kInvalidArgument, [&] { Bind::parse(text); });
  }
  EXPECT_NO_THROW(Bind::parse("/srv:/run/mine"));
  EXPECT_NO_THROW(Bind::parse("/srv:/processes"));
}

}  // namespace sdme::model
