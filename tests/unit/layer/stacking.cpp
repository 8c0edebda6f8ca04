// SPDX-License-Identifier: MIT
#include "layer/stacking.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <filesystem>

#include "archive/extract.hpp"
#include "layer/settle.hpp"
#include "os/mount.hpp"

namespace sdme::test {

namespace {

std::string name_of(std::size_t number) { return "layer" + std::to_string(number); }

std::string picture_of(const std::filesystem::directory_entry& entry) {
  if (entry.is_symlink()) return "link " + std::filesystem::read_symlink(entry.path()).string();
  if (entry.is_directory()) return "directory";
  if (entry.is_regular_file()) return "file " + content(entry.path());
  return "other";
}

}  // namespace

void Stacking::SetUpTestSuite() {
  static const bool once = [] {
    if (geteuid() == 0) os::own_mount_namespace();
    return true;
  }();
  static_cast<void>(once);
}

void Stacking::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: owners, devices and overlays are made";
  put(dir_ / "canary", "untouched");
  clear();
}

void Stacking::TearDown() {
  if (IsSkipped()) return;
  clear();
  EXPECT_EQ(content(dir_ / "canary"), "untouched");
}

void Stacking::clear() {
  unmount();
  const auto above = os::Dir::open(dir_.path());
  for (; layers_ > 0; --layers_) os::tree_remove(above, name_of(layers_ - 1));
  stack_.emplace(std::vector<os::Dir>());
}

void Stacking::add(std::string_view stream, const archive::Limits& limits) {
  unmount();
  auto tree = os::Dir::open(dir_.path()).make_dir(name_of(layers_++), 0755);
  archive::Budget budget(limits);
  archive::Decompressor source(archive::Input(os::sealed_memory(stream, "stream")), budget);
  auto found = archive::extract(source, tree, archive::Meaning::kLayer, budget, [](std::uint64_t) {});
  layer::settle(tree, *stack_, std::move(found.unsettled), budget);
  stack_->put_on_top(std::move(tree));
}

void Stacking::mount() {
  const auto above = os::Dir::open(dir_.path());
  for (const auto* const name : {"upper", "work", "merged"}) above.make_dir(name, 0755);
  os::Overlay overlay{.lower = {}, .upper = dir_ / "upper", .work = dir_ / "work"};
  for (auto number = layers_; number-- > 0;) overlay.lower.push_back(dir_ / name_of(number));
  os::attach_mount(os::make_overlay(overlay), dir_ / "merged");
  mounted_ = true;
}

void Stacking::unmount() {
  if (!std::exchange(mounted_, false)) return;
  ASSERT_EQ(umount2((dir_ / "merged").c_str(), 0), 0);
  const auto above = os::Dir::open(dir_.path());
  for (const auto* const name : {"upper", "work", "merged"}) os::tree_remove(above, name);
}

std::string Stacking::path(const std::string& below) {
  if (!mounted_) mount();
  return dir_ / ("merged/" + below);
}

std::string Stacking::in_layer(std::size_t number, const std::string& below) const {
  return dir_ / (name_of(number) + "/" + below);
}

struct stat Stacking::status(const std::string& below) {
  struct stat found = {};
  EXPECT_EQ(lstat(path(below).c_str(), &found), 0) << below;
  return found;
}

bool Stacking::is_absent(const std::string& below) {
  struct stat found = {};
  return lstat(path(below).c_str(), &found) < 0 && errno == ENOENT;
}

std::vector<std::string> Stacking::names(const std::string& below) { return os::Dir::open(path(below)).entries(); }

std::map<std::string, std::string> Stacking::picture() {
  std::map<std::string, std::string> all;
  const auto root = path();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    all.emplace(entry.path().string().substr(root.size()), picture_of(entry));
  }
  return all;
}

}  // namespace sdme::test
