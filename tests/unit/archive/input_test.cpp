// SPDX-License-Identifier: MIT
#include "archive/input.hpp"

#include <unistd.h>

#include "os/file.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

std::string drain(archive::Input& input) {
  std::string all;
  while (true) {
    const auto block = input.next();
    if (block.empty()) return all;
    all.append(block.data(), block.size());
  }
}

TEST(Input, ReadsAPartOfAFile) {
  const auto file = os::sealed_memory("beginning" + std::string(600'000, 'x') + "end", "file");
  ASSERT_EQ(lseek(file.get(), 3, SEEK_SET), 3);
  archive::Input middle(os::duplicate(file.get()), 7, 600'003);
  archive::Input first(os::duplicate(file.get()), 0, 5);
  EXPECT_EQ(drain(first), "begin");
  EXPECT_EQ(first.bytes_read(), 5U);
  EXPECT_EQ(drain(middle), "ng" + std::string(600'000, 'x') + "e");
  EXPECT_EQ(lseek(file.get(), 0, SEEK_CUR), 3);
  archive::Input nothing(os::duplicate(file.get()), 9, 0);
  EXPECT_EQ(drain(nothing), "");
}

TEST(Input, SaysThatTheFileIsShorter) {
  const auto file = os::sealed_memory("short", "file");
  archive::Input input(os::duplicate(file.get()), 2, 10);
  error_of(Errc::kCorrupt, [&] { drain(input); });
}

}  // namespace

}  // namespace sdme::test
