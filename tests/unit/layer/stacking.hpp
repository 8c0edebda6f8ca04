// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/budget.hpp"
#include "archive/tar_stream.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

// Layers from tar streams, each unpacked alone and settled on those before, and the kernel's overlay
// of them, which is what counts. Next to it lies something that must never change.
class Stacking : public testing::Test {
 protected:
  static void SetUpTestSuite();  // a mount namespace of the test's own
  void SetUp() override;
  void TearDown() override;

  void add(std::string_view stream, const archive::Limits& limits = {1 << 30, 100'000});
  void clear();  // no layers any more

  // Mounted when first asked for. Paths are without a slash at the start.
  std::string path(const std::string& below = "");
  std::string text(const std::string& below) { return content(path(below)); }
  struct stat status(const std::string& below);
  bool is(const std::string& below, mode_t type) { return (status(below).st_mode & S_IFMT) == type; }
  bool is_absent(const std::string& below);
  // What readdir(3) tells, sorted.
  std::vector<std::string> names(const std::string& below = "");
  // Everything in it: "directory", "link TARGET", "file CONTENT", by path.
  std::map<std::string, std::string> picture();

  std::string in_layer(std::size_t number, const std::string& below) const;  // 0 is the bottom
  const layer::Stack& stack() const { return *stack_; }

  TempDir dir_;

 private:
  void mount();
  void unmount();

  std::size_t layers_ = 0;
  std::optional<layer::Stack> stack_;
  bool mounted_ = false;
};

}  // namespace sdme::test
