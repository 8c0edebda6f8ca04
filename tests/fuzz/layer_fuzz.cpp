// SPDX-License-Identifier: MIT
// Layers of an image, the lowest first, with kNext between them: each unpacked alone and settled on those
// below. The first is taken for a tarball too.
#include <sys/stat.h>

#include <filesystem>

#include "archive/extract.hpp"
#include "harness.hpp"
#include "layer/settle.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"

namespace sdme::test {

namespace {

constexpr std::string_view kNext = "\nNEXT LAYER\n";
constexpr std::size_t kMostLayers = 4;
constexpr archive::Limits kLimits{.bytes = 1 << 20, .entries = 1000};

// Trees that go before the next input, and beside them what no archive may change.
class Place {
 public:
  Place() : path_(make()), dir_(os::Dir::open(path_)) {
    dir_.write("canary", "untouched", 0600);
    dir_.make_dir("trees", 0755);
  }
  ~Place() { std::filesystem::remove_all(path_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  os::Dir make_tree(const std::string& name) const { return dir_.open_dir("trees").make_dir(name, 0755); }

  void empty() const {
    require(dir_.entries() == std::vector<std::string>{"canary", "trees"}, "a file beside the tree", path_);
    require(dir_.read("canary", 100) == "untouched", "a file outside of the tree was changed", path_);
    const auto canary = dir_.stat("canary");
    require(canary && canary->st_mode == (S_IFREG | 0600U) && canary->st_nlink == 1, "the mode of a file outside");
    const auto trees = dir_.open_dir("trees");
    for (const auto& name : trees.entries()) {
      require(name.starts_with("tree"), "a file beside the tree", name);
      os::tree_remove(trees, name);
    }
  }

 private:
  static std::string make() {
    std::string pattern = std::filesystem::temp_directory_path() / "sdmed-fuzz-XXXXXX";
    require(mkdtemp(pattern.data()) != nullptr, "no temporary directory", pattern);
    return pattern;
  }

  const std::string path_;
  const os::Dir dir_;
};

void unpack_tarball(const Place& place, std::string_view stream) {
  attempt([&] {
    archive::extract(os::sealed_memory(stream, "stream"), place.make_tree("tree"), kLimits, [](std::uint64_t) {});
  });
}

void unpack_layers(const Place& place, std::string_view streams) {
  attempt([&] {
    layer::Stack stack({});
    archive::Budget budget(kLimits);
    for (std::size_t number = 0; number < kMostLayers; ++number) {
      const auto end = streams.find(kNext);
      archive::Decompressor source(archive::Input(os::sealed_memory(streams.substr(0, end), "stream")), budget);
      auto tree = place.make_tree("tree" + std::to_string(number));
      auto found = archive::extract(source, tree, archive::Meaning::kLayer, budget, [](std::uint64_t) {});
      require(found.digest.size() == 64, "a digest", found.digest);
      layer::settle(tree, stack, std::move(found.unsettled), budget);
      stack.put_on_top(std::move(tree));
      require(is_printable(stack.os()), "the name of the system", stack.os());
      if (end == std::string_view::npos) return;
      streams.remove_prefix(end + kNext.size());
    }
  });
}

}  // namespace

}  // namespace sdme::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace sdme::test;
  static const Place place;
  const auto streams = text_of(bytes, count);
  unpack_tarball(place, streams.substr(0, streams.find(kNext)));
  unpack_layers(place, streams);
  place.empty();
  return 0;
}
