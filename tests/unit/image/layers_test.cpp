// SPDX-License-Identifier: MIT
#include "image/layers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <thread>

#include "archive/sha256.hpp"
#include "archive/tar_stream.hpp"
#include "layer/stack.hpp"
#include "os/file.hpp"
#include "os/mount.hpp"
#include "store/layout.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

// A machine with many processors, for whoever asks.
unsigned std::thread::hardware_concurrency() noexcept { return 64; }

namespace sdme::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string digits_of(std::string_view bytes) {
  archive::Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

// Layers in memory; one that is not there hangs, as a slow server's does.
class MemorySource : public image::LayerSource {
 public:
  void add(const std::string& stream, const std::string& blob) {
    const auto diff_id = oci::Digest::sha256(digits_of(stream));
    const auto below = image_.layers.empty() ? "" : image_.layers.back().chain_id;
    image_.layers.push_back({.blob = oci::Digest::sha256(digits_of(blob)),
                             .size = blob.size(),
                             .diff_id = diff_id,
                             .chain_id = oci::chain_id(below, diff_id)});
    blobs_.push_back(os::sealed_memory(blob, "blob"));
  }
  void add(const std::string& stream) { add(stream, compressed(stream, Compression::kGzip)); }
  void replace(std::size_t number, os::UniqueFd blob) { blobs_[number] = std::move(blob); }
  oci::Image& changed() { return image_; }

  const oci::Image& image() const override { return image_; }
  void want(const std::vector<std::size_t>& layers) override { wanted = layers; }
  bool ready(std::chrono::milliseconds patience) override {
    if (!blobs_[wanted[next_]]) poll(nullptr, 0, static_cast<int>(patience.count()));
    return static_cast<bool>(blobs_[wanted[next_]]);
  }
  std::optional<Arriving> next() override {
    const auto number = wanted[next_++];
    return Arriving{number, archive::Input(std::move(blobs_[number]))};
  }
  void finish() override {
    finished = true;
    if (complaint) throw Error(Errc::kVerificationFailed, *complaint);
  }

  std::vector<std::size_t> wanted;
  bool finished = false;
  std::optional<std::string> complaint;

 private:
  oci::Image image_{.reference = "",
                    .manifest = oci::Digest::sha256(std::string(64, '0')),
                    .platform = {},
                    .config = "{}",
                    .layers = {}};
  std::vector<os::UniqueFd> blobs_;
  std::size_t next_ = 0;
};

class Layers : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: owners and devices are made";
  }

  std::vector<image::UnpackedLayer> unpack(MemorySource& source, const std::set<std::string>& have = {},
                                           const archive::Limits& limits = {1 << 30, 100'000}) {
    const auto above = os::Dir::open(dir_.path());
    os::tree_remove(above, "staging");
    return image::unpack_layers(source, above.make_dir("staging", 0700), have, limits,
                                [this](std::uint64_t done, std::uint64_t total) {
                                  EXPECT_LE(done, total);
                                  done_ = done;
                                });
  }
  std::string text(const image::UnpackedLayer& layer, const std::string& below) const {
    return content(dir_ / ("staging/layers/" + layer.id + "/tree/" + below));
  }
  static std::size_t threads() { return os::Dir::open("/proc/self/task").entries().size(); }

  TempDir dir_;
  std::uint64_t done_ = 0;
};

// An end of a pipe that stays silent.
struct Silence {
  Silence() {
    int ends[2] = {};
    if (pipe2(ends, O_CLOEXEC) < 0) throw_errno("pipe");
    reading = os::UniqueFd(ends[0]);
    writing = os::UniqueFd(ends[1]);
  }
  os::UniqueFd reading, writing;
};

TEST_F(Layers, UnpacksEachAndSettlesThem) {
  MemorySource source;
  source.add(directory("usr") + tar({.name = "usr/lib", .type = '5', .mode = 0700, .uid = 7}) +
             symlink("lib", "usr/lib"));
  source.add(file("lib/x", "two") + kEndMark);
  source.add(hard_link("y", "usr/lib/x") + kEndMark);
  const auto layers = unpack(source);
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_THAT(source.wanted, ElementsAre(0, 1, 2));
  EXPECT_TRUE(source.finished);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(layers[i].id, source.image().layers[i].chain_id);
    EXPECT_EQ(layers[i].diff_id, source.image().layers[i].diff_id.str());
    EXPECT_TRUE(layers[i].is_new);
  }
  EXPECT_EQ(text(layers[1], "usr/lib/x"), "two");
  EXPECT_EQ(text(layers[2], "y"), "two");
  EXPECT_EQ(layers[0].entries, 3U);
  EXPECT_EQ(layers[1].size, 3U);
  EXPECT_EQ(done_, source.image().layers[0].size + source.image().layers[1].size + source.image().layers[2].size);
}

TEST_F(Layers, TakesTheSameLayerTwice) {
  MemorySource source;
  for (int i = 0; i < 3; ++i) source.add(file("d/x", "same") + kEndMark);
  const auto layers = unpack(source);
  EXPECT_EQ(layers[0].diff_id, layers[2].diff_id);
  EXPECT_NE(layers[0].id, layers[2].id);
  EXPECT_EQ(text(layers[2], "d/x"), "same");
}

TEST_F(Layers, TakesManyWithFewThreads) {
  MemorySource source;
  for (int i = 0; i < 100; ++i) source.add(file("d/" + std::to_string(i)) + kEndMark);
  const auto before = threads();
  EXPECT_EQ(unpack(source).size(), 100U);
  EXPECT_EQ(threads(), before);
}

// The unit of a worker may have 32.
TEST_F(Layers, TakesFewAtOnceHoweverManyProcessors) {
  MemorySource source;
  std::list<Silence> silences(20);
  for (auto& silence : silences) {
    source.add("", "");
    source.replace(source.image().layers.size() - 1, std::move(silence.reading));
  }
  const auto before = threads();
  std::size_t most = 0;
  std::thread watch([&] {
    for (int i = 0; i < 50; ++i) {
      most = std::max(most, threads());
      poll(nullptr, 0, 10);
    }
    silences.clear();
  });
  EXPECT_EQ(unpack(source).size(), 20U);
  watch.join();
  EXPECT_LE(most - before, 1 + 2 * 4U);
}

TEST_F(Layers, G02G03LooksAtTheBytesAlone) {
  MemorySource source;
  const auto stream = [](const std::string& name) { return file(name) + kEndMark; };
  source.add(stream("plain"), stream("plain"));
  source.add(stream("zstd"), compressed(stream("zstd"), Compression::kZstd));
  source.add(stream("bzip2"), compressed(stream("bzip2"), Compression::kBzip2));
  source.add("", "");
  EXPECT_EQ(unpack(source).size(), 4U);
}

TEST_F(Layers, RefusesAnImageWithoutLayers) {
  MemorySource source;
  EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { unpack(source); }), HasSubstr("no layers"));
}

TEST_F(Layers, VerifiesTheWholeStream) {
  const auto stream = file("x") + kEndMark;
  MemorySource source;
  source.add(file("a") + kEndMark);
  source.add(stream, compressed(stream + std::string(512, '\0'), Compression::kGzip));
  const auto message = error_of(Errc::kVerificationFailed, [&] { unpack(source); });
  EXPECT_THAT(message, HasSubstr("layer 2 of 2 (" + source.image().layers[1].blob.str() + ")"));
  EXPECT_THAT(message, HasSubstr(source.image().layers[1].diff_id.str()));
  EXPECT_FALSE(source.finished);
}

TEST_F(Layers, TellsWhatTheSourceFindsInTheEnd) {
  MemorySource source;
  source.add(file("a") + kEndMark);
  source.complaint = "a blob is wrong";
  EXPECT_THAT(error_of(Errc::kVerificationFailed, [&] { unpack(source); }), HasSubstr("a blob is wrong"));
}

TEST_F(Layers, CountsAllLayersTogether) {
  MemorySource source;
  for (int i = 0; i < 4; ++i) source.add(file("x" + std::to_string(i), std::string(100'000, 'x')) + kEndMark);
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(source, {}, {300'000, 100}); }),
              HasSubstr("ImportMaxBytes="));
  MemorySource again;
  for (int i = 0; i < 4; ++i) again.add(file("x" + std::to_string(i)) + kEndMark);
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { unpack(again, {}, {1 << 20, 3}); }), HasSubstr("ImportMaxEntries="));
}

TEST_F(Layers, EndsTheOthersWhenOneFails) {
  Silence silence;
  MemorySource source;
  source.add(file("a") + kEndMark);
  source.add(file("b") + kEndMark, "no tar at all");
  source.add(file("c") + kEndMark);
  source.replace(0, std::move(silence.reading));
  source.replace(2, {});
  const auto before = threads();
  EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { unpack(source); }), HasSubstr("layer 2 of 3"));
  EXPECT_EQ(threads(), before);
}

TEST_F(Layers, RefusesATruncatedLayer) {
  const auto stream = file("a", std::string(100'000, 'a')) + kEndMark;
  const auto blob = compressed(stream, Compression::kGzip);
  MemorySource source;
  source.add(stream, blob);
  source.replace(0, os::sealed_memory(blob.substr(0, blob.size() - 5), "blob"));
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { unpack(source); }), HasSubstr("layer 1 of 1"));
}

TEST_F(Layers, NamesTheLayerWhoseLinkLeadsNowhere) {
  MemorySource source;
  source.add(file("a") + kEndMark);
  source.add(hard_link("b", "c") + kEndMark);
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { unpack(source); }),
              testing::AllOf(HasSubstr("layer 2 of 2"), HasSubstr("not there")));
}

class LayersOfTheStore : public Layers {
 protected:
  // A store of the test's own.
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    os::own_mount_namespace();
    ASSERT_EQ(::mount("tmpfs", "/var", "tmpfs", 0, nullptr), 0);
  }
};

TEST_F(LayersOfTheStore, LeavesOutWhatIsThere) {
  MemorySource source;
  source.add(tar({.name = "d", .type = '5', .mode = 0700, .uid = 7}) + file("d/x", "low") + kEndMark);
  source.add(file("d/y") + hard_link("d/z", "d/x") + kEndMark);
  const auto base = unpack(source)[0].id;
  std::filesystem::create_directories(layout::state(layout::kLayers));
  std::filesystem::copy(dir_ / ("staging/layers/" + base), layout::state(std::string(layout::kLayers) + "/" + base),
                        std::filesystem::copy_options::recursive);
  ASSERT_EQ(chown((layout::layer_tree(base) + "/d").c_str(), 9, 9), 0);

  MemorySource again;
  again.add(tar({.name = "d", .type = '5', .mode = 0700, .uid = 7}) + file("d/x", "low") + kEndMark);
  again.add(file("d/y") + hard_link("d/z", "d/x") + kEndMark);
  const auto layers = unpack(again, {base});
  EXPECT_THAT(again.wanted, ElementsAre(1));
  EXPECT_FALSE(layers[0].is_new);
  EXPECT_TRUE(layers[1].is_new);
  EXPECT_EQ(text(layers[1], "d/z"), "low");
  EXPECT_EQ(os::Dir::open(dir_ / "staging/layers").stat(layers[1].id + "/tree/d")->st_uid, 9U);

  MemorySource third;
  third.add(tar({.name = "d", .type = '5', .mode = 0700, .uid = 7}) + file("d/x", "low") + kEndMark);
  EXPECT_FALSE(unpack(third, {base})[0].is_new);
  EXPECT_THAT(third.wanted, IsEmpty());
  EXPECT_TRUE(third.finished);
}

}  // namespace

}  // namespace sdme::test
