// SPDX-License-Identifier: MIT
#include "registry/loop.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "os/file.hpp"

namespace sdme::registry {

// Always has something to do.
Task<bool> busy_until(Loop& loop, const bool& heard) {
  for (int i = 0; i < 100 && !heard; ++i) co_await loop.pause(std::chrono::milliseconds(0));
  co_return heard;
}

TEST(Loop, HearsDescriptorsWhileATaskIsBusy) {
  Loop loop{Network{}};
  const auto memory = os::sealed_memory("x", "test");  // can always be read
  bool heard = false;
  const Loop::Watch watch(loop, memory.get(), POLLIN, [&] { heard = true; });
  EXPECT_TRUE(loop.run(busy_until(loop, heard)));
}

}  // namespace sdme::registry
