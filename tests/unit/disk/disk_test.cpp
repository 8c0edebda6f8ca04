// SPDX-License-Identifier: MIT
#include "disk/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "image/verb_run.hpp"
#include "store/layout.hpp"
#include "support/temp_dir.hpp"

namespace sdme::disk {
namespace {

// The worker before unpacked a stranger's stream. A pipe in the image's place would be waited for for hours.
TEST(Disk, InStagingIsAFileAndNothingElse) {
  const test::TempDir dir;
  for (const auto* name : {"out", "staging"}) std::filesystem::create_directory(dir / name);
  ASSERT_EQ(mkfifo((dir / (std::string("staging/") + layout::kDiskImage)).c_str(), 0600), 0);
  const auto run = test::run_verb(run_disk,
                                  {{"job", 1},
                                   {"staging", dir / "staging"},
                                   {"limits", {{"bytes", 1'000'000}, {"entries", 1000}}},
                                   {"install", "no"},
                                   {"before", {{"image", "staging"}}}},
                                  dir / "out");
  EXPECT_THAT(run.result.at("error").at("message"), testing::HasSubstr("must be a regular file"));
}

}  // namespace
}  // namespace sdme::disk
