// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "archive/extract.hpp"
#include "archive/tar_stream.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace sdme::test {

// Unpacks streams into a fresh tree each, next to something that must never change.
class Unpacking : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: owners and devices are made";
    put(dir_ / "canary", "untouched");
  }

  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_EQ(content(dir_ / "canary"), "untouched");
    os::tree_remove(os::Dir::open(dir_.path()), "tree");
  }

  archive::Extracted unpack(std::string_view stream, const archive::Limits& limits = {1 << 30, 100'000}) {
    const auto above = os::Dir::open(dir_.path());
    os::tree_remove(above, "tree");
    return archive::extract(os::sealed_memory(stream, "stream"), above.make_dir("tree", 0755), limits,
                            [](std::uint64_t) {});
  }

  // As a layer of an image.
  archive::Extracted unpack_layer(std::string_view stream, const archive::Limits& limits = {1 << 30, 100'000}) {
    const auto above = os::Dir::open(dir_.path());
    os::tree_remove(above, "tree");
    const auto tree = above.make_dir("tree", 0755);
    archive::Budget budget(limits);
    archive::Decompressor source(archive::Input(os::sealed_memory(stream, "stream")), budget);
    return archive::extract(source, tree, archive::Meaning::kLayer, budget, [](std::uint64_t) {});
  }
  std::string layer_refusal(std::string_view stream, Errc code = Errc::kCorrupt) {
    return error_of(code, [&] { unpack_layer(stream); });
  }

  // The sentence it is refused with.
  std::string refusal(std::string_view stream, Errc code = Errc::kCorrupt) {
    return error_of(code, [&] { unpack(stream); });
  }

  std::string path(const std::string& below) const { return dir_ / ("tree/" + below); }
  std::string text(const std::string& below) const { return content(path(below)); }
  std::string attribute(const std::string& below, const std::string& name) const {
    std::string value(4096, '\0');
    const auto size = lgetxattr(path(below).c_str(), name.c_str(), value.data(), value.size());
    EXPECT_GE(size, 0) << below << " " << name;
    value.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return value;
  }
  bool is(const std::string& below, mode_t type) const { return (status(below).st_mode & S_IFMT) == type; }
  bool is_whiteout(const std::string& below) const { return is(below, S_IFCHR) && status(below).st_rdev == 0; }
  bool is_opaque(const std::string& below) const {
    char value = 0;
    return lgetxattr(path(below).c_str(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
  }
  bool is_absent(const std::string& below) const {
    struct stat found = {};
    return lstat(path(below).c_str(), &found) < 0 && errno == ENOENT;
  }
  struct stat status(const std::string& below) const {
    struct stat found = {};
    EXPECT_EQ(lstat(path(below).c_str(), &found), 0) << below;
    return found;
  }

  TempDir dir_;
};

}  // namespace sdme::test
