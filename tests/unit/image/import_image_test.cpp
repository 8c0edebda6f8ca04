// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "image/import_fixture.hpp"

// Images and disks: what the bytes are is found out, from files and from pipes.
namespace sdme::test {

namespace {

using testing::HasSubstr;

std::string lower() {
  return directory("etc") + file("etc/os-release", "ID=debian\nPRETTY_NAME=Lower\n") + file("etc/gone", "x") + kEndMark;
}
std::string upper() {
  return file("etc/os-release", "ID=debian\nPRETTY_NAME=Upper\n") + file("etc/.wh.gone", "") + kEndMark;
}

class ImportImage : public Import {
 protected:
  void expect_image(const json::Value& result, const std::string& digest) const {
    ASSERT_EQ(result["layers"].size(), 2U) << result;
    EXPECT_EQ(result["digest"], digest);
    EXPECT_EQ(result["os"], "Upper");
    EXPECT_EQ(result["layers"][0]["id"], std::string(oci::Digest::of(lower()).hex()));
    EXPECT_EQ(result["layers"][1]["diff_id"], oci::Digest::of(upper()).str());
    EXPECT_EQ(result["layers"][1]["id"], oci::chain_id(result["layers"][0]["id"], oci::Digest::of(upper())));
    EXPECT_EQ(content(in_layer(result["layers"][0], "etc/gone")), "x");
    const auto whole = result["layers"][0]["size"].get<int>() + result["layers"][1]["size"].get<int>();
    EXPECT_EQ(result["size"], whole);
    EXPECT_EQ(json::parse(result["config"].get<std::string>(), "config")["os"], "linux");
    EXPECT_EQ(result["platform"], oci::Platform::of_host().str());
  }
};

TEST_F(ImportImage, ComesFromALayoutHoweverItComes) {
  Layout layout;
  const auto entry = layout.add({lower(), upper()}, "x");
  const auto stream = layout.tar_of({entry}, "./");
  const auto digest = entry["digest"].get<std::string>();
  const auto data = os::sealed_memory("before" + stream, "data");
  lseek(data.get(), 6, SEEK_SET);
  const auto result = result_of(import(data));
  expect_image(result, digest);
  EXPECT_EQ(result["reference"], "x");
  expect_image(result_of(import(os::sealed_memory(compressed(stream, Compression::kXz), "data"))), digest);
  expect_image(result_of(import_piped(stream)), digest);
  expect_image(result_of(import_piped(compressed(stream, Compression::kZstd))), digest);
  EXPECT_EQ(os::Dir::open(dir_ / "staging").entries(), std::vector<std::string>{"layers"});
}

TEST_F(ImportImage, ComesFromDockerSave) {
  DockerSave saved;
  saved.add({lower(), upper()}, {"debian:13"});
  const auto digest = "sha256:" + saved.manifest[0]["Config"].get<std::string>().substr(0, 64);
  const auto result = result_of(import(os::sealed_memory(saved.tar(), "data")));
  expect_image(result, digest);
  EXPECT_EQ(result["reference"], "debian:13");
}

TEST_F(ImportImage, IsChosenByTheRequest) {
  Layout layout;
  const auto first = layout.add({lower()}, "1");
  const auto second = layout.add({lower(), upper()}, "2");
  const auto data = os::sealed_memory(layout.tar_of({first, second}), "data");
  EXPECT_THAT(failure_of(import(data), "InvalidArgument"), HasSubstr("1, 2"));
  expect_image(result_of(import(data, {{"tag", "2"}})), second["digest"].get<std::string>());
  failure_of(import(data, {{"tag", "3"}}), "NotFound");
  failure_of(import(data, {{"platform", "nonsense"}}), "InvalidArgument");
}

TEST_F(ImportImage, MustBeWhole) {
  Layout layout;
  const auto entry = layout.add({lower(), upper()});
  const auto stream = layout.tar_of({entry});
  failure_of(import(os::sealed_memory(stream.substr(0, stream.size() / 2), "data")), "Corrupt");
  failure_of(import_piped(stream.substr(0, stream.size() / 2)), "Corrupt");

  Layout lying;  // the configuration tells of another content
  auto config = config_for({lower(), lower()});
  const auto layer = lying.blobs().add(upper(), kLayerType);
  const auto manifest = json::Value{
      {"schemaVersion", 2}, {"config", lying.blobs().add(config.dump(), kConfigType)}, {"layers", {layer, layer}}};
  const auto lie = lying.blobs().add(manifest.dump(), kManifestType);
  failure_of(import(os::sealed_memory(lying.tar_of({lie}), "data")), "VerificationFailed");
}

TEST_F(ImportImage, IsATreeAfterAll) {
  const auto stream = file("index.json", "{}") + directory("etc") + kEndMark;
  for (const auto& run : {import(os::sealed_memory(stream, "data")), import_piped(stream),
                          import(os::sealed_memory(compressed(stream, Compression::kGzip), "data"))}) {
    const auto result = result_of(run);
    EXPECT_EQ(result["digest"], oci::Digest::of(stream).str());
    EXPECT_EQ(result["entries"], 2);
  }
}

TEST_F(ImportImage, LeavesADiskToAnother) {
  std::string disk(300'000, '\0');
  disk.replace(1080, 2, "\x53\xef");
  disk.replace(200'000, 4, "text");
  const auto data = os::sealed_memory(disk, "data");
  EXPECT_EQ(result_of(import(data)), (json::Value{{"next", "disk"}, {"image", "data"}}));
  EXPECT_EQ(lseek(data.get(), 0, SEEK_CUR), 0);
  EXPECT_TRUE(os::Dir::open(dir_ / "staging").entries().empty());
  for (const auto& run : {import(os::sealed_memory(compressed(disk, Compression::kXz), "data")), import_piped(disk)}) {
    EXPECT_EQ(result_of(run), (json::Value{{"next", "disk"}, {"image", "staging"}}));
    EXPECT_EQ(content(dir_ / "staging/disk.img"), disk);
    const auto found = os::Dir::open(dir_ / "staging").stat("disk.img");
    EXPECT_LT(found->st_blocks * 512, 100'000);
  }
  failure_of(import(os::sealed_memory(compressed(disk, Compression::kXz), "data"),
                    {{"limits", {{"bytes", 250'000}, {"entries", 100}}}}),
             "LimitExceeded");
}

}  // namespace

}  // namespace sdme::test
