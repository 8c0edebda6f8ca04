// SPDX-License-Identifier: MIT
#include "image/archived_image.hpp"

#include <functional>

#include "image/archive_source.hpp"
#include "image/image_archive.hpp"
#include "os/file.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

using testing::HasSubstr;

constexpr std::uint64_t kPlenty = 1000;

image::ArchiveIndex index_of_tar(const std::string& stream, std::uint64_t offset = 0) {
  return {os::sealed_memory(std::string(offset, 'x') + stream, "archive"), offset, kPlenty};
}

std::optional<image::ArchivedImage> found(const image::ArchiveIndex& archive, const std::string& tag = "",
                                          const std::string& platform = "") {
  return image::find_image(archive, {.tag = tag, .wanted = oci::Wanted::of_request(platform)});
}

std::optional<image::ArchivedImage> found(const std::string& stream, const std::string& tag = "",
                                          const std::string& platform = "") {
  return found(index_of_tar(stream), tag, platform);
}

std::string drain(archive::Input& input) {
  std::string all;
  while (true) {
    const auto block = input.next();
    if (block.empty()) return all;
    all.append(block.data(), block.size());
  }
}

// The layers that a source gives, all of them wanted.
std::vector<std::string> layers_of(const std::string& stream, std::uint64_t offset = 0) {
  const auto archive = index_of_tar(stream, offset);
  image::ArchiveSource source(archive, *found(archive));
  std::vector<std::size_t> all(source.image().layers.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  source.want(all);
  std::vector<std::string> layers;
  while (auto arriving = source.next()) layers.push_back(drain(arriving->bytes));
  source.finish();
  return layers;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

TEST(ArchiveIndex, FindsPartsWhateverTheirHeaders) {
  const std::string id(64, 'b');
  const auto long_name = pax(pax_record("path", "blobs/sha256/" + id)) + file("short", "by pax");
  const auto stream = directory("blobs/") + long_name + file("other/file", std::string(5000, 'x')) +
                      file("index.json", "the index") + kEndMark;
  const auto archive = index_of_tar(stream, 700);
  EXPECT_FALSE(archive.has("other/file"));
  EXPECT_EQ(archive.read(archive.find("index.json", "it"), 100, "it"), "the index");
  EXPECT_EQ(archive.read(archive.find("blobs/sha256/" + id, "it"), 100, "it"), "by pax");
  error_of(Errc::kLimitExceeded, [&] { archive.read(archive.find("index.json", "it"), 3, "it"); });
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { archive.find("manifest.json", "the list"); }),
              HasSubstr("the list is missing"));
}

TEST(ArchiveIndex, RefusesWhatIsDamaged) {
  const auto good = file("oci-layout") + file("index.json", std::string(3000, 'x'));
  for (const std::size_t size : {1000UL, 1100UL, 1536UL, 2000UL, 4000UL}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { index_of_tar(good.substr(0, size)); }), HasSubstr("truncated")) << size;
  }
  EXPECT_THAT(error_of(Errc::kCorrupt, [] { index_of_tar(file("index.json") + file("./index.json") + kEndMark); }),
              HasSubstr("twice"));
  for (const auto* const name : {"/index.json", "../index.json", "blobs/../index.json"}) {
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { index_of_tar(file("oci-layout") + file(name) + kEndMark); }),
                HasSubstr("out of it"));
  }
  error_of(Errc::kCorrupt, [] { index_of_tar(tar({.name = "index.json", .type = '3'}) + kEndMark); });
}

TEST(ArchiveIndex, IsBounded) {
  std::string many;
  for (std::uint64_t i = 0; i <= kPlenty; ++i) many += file("x", "");
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { index_of_tar(many + kEndMark); }), HasSubstr("entries"));
}

TEST(ArchiveIndex, KeepsNoLongNames) {
  const auto far = pax(pax_record("linkpath", std::string(300, 'x'))) + symlink("manifest.json", "x") + kEndMark;
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { index_of_tar(far); }), HasSubstr("'manifest.json' to no part"));
}

TEST(ArchiveIndex, RefusesHeadersWithoutEnd) {
  std::string map = "3000000\n";
  for (int i = 0; i < 3'000'000; ++i) map += "0\n0\n";
  const auto sparse = pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                          pax_record("GNU.sparse.realsize", "0") + pax_record("GNU.sparse.name", "f")) +
                      tar({.name = "x", .content = map});
  EXPECT_THAT(error_of(Errc::kLimitExceeded, [&] { index_of_tar(file("oci-layout") + sparse + kEndMark); }),
              HasSubstr("more than 4 MiB of headers"));
  index_of_tar(file("big", std::string(20'000'000, 'x')) + file("oci-layout") + kEndMark);
}

TEST(ArchiveIndex, FollowsLinksInside) {
  const std::string id(64, 'c');
  const auto stream = file("blobs/x", "content") + symlink(id + "/layer.tar", "../blobs/x") +
                      hard_link(id + "/json", "blobs/x") + symlink("repositories", "manifest.json") +
                      symlink("manifest.json", "repositories") + kEndMark;
  const auto archive = index_of_tar(stream);
  for (const auto* const name : {"/layer.tar", "/json"}) {
    EXPECT_EQ(archive.read(archive.find(id + name, "it"), 100, "it"), "content");
  }
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { archive.find("repositories", "it"); }), HasSubstr("circles"));
  for (const auto* const target : {"/etc/passwd", "../blobs", ""}) {
    error_of(Errc::kCorrupt, [&] { index_of_tar(symlink("manifest.json", target) + kEndMark); });
  }
  error_of(Errc::kCorrupt, [&] { found(symlink("manifest.json", "repositories") + kEndMark); });
}

TEST(LayoutImage, IsReadInPlace) {
  Layout layout;
  const auto entry = layout.add({"one", "two"}, "latest");
  for (const auto* const prefix : {"", "./"}) {
    const auto stream = layout.tar_of({entry}, prefix);
    const auto image = found(stream);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->image.manifest.str(), entry["digest"].get<std::string>());
    EXPECT_EQ(image->image.reference, "latest");
    ASSERT_EQ(image->layers.size(), 2U);
    EXPECT_THAT(layers_of(stream, 1234),
                testing::ElementsAre(compressed("one", Compression::kGzip), compressed("two", Compression::kGzip)));
  }
}

TEST(LayoutImage, NeedsATagForOneOfSeveral) {
  Layout layout;
  const auto first = layout.add({"one"}, "1");
  const auto second = layout.add({"two"}, "2");
  const auto stream = layout.tar_of({first, second});
  const auto message = error_of(Errc::kInvalidArgument, [&] { found(stream); });
  EXPECT_THAT(message, HasSubstr("'tag'"));
  EXPECT_THAT(message, HasSubstr("1, 2"));
  EXPECT_EQ(found(stream, "2")->image.manifest.str(), second["digest"].get<std::string>());
  EXPECT_EQ(found(stream, first["digest"].get<std::string>())->image.reference, "1");
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { found(stream, "3"); }), HasSubstr("'3'; there is 1, 2"));
}

TEST(LayoutImage, ChoosesAmongPlatforms) {
  Layout layout;
  auto other = layout.add({"one"}, "x", "s390x");
  other["platform"] = {{"os", "linux"}, {"architecture", "s390x"}};
  auto ours = layout.add({"two"}, "x");
  const auto host = oci::Platform::of_host();
  ours["platform"] = {{"os", "linux"}, {"architecture", host.architecture}};
  const auto stream = layout.tar_of({other, ours});
  EXPECT_EQ(found(stream)->image.manifest.str(), ours["digest"].get<std::string>());
  EXPECT_EQ(found(stream, "x", "linux/s390x")->image.manifest.str(), other["digest"].get<std::string>());
  EXPECT_THAT(error_of(Errc::kNotFound, [&] { found(stream, "", "linux/mips"); }), HasSubstr("linux/s390x"));

  auto nested = layout.blobs().add(index_of({other, ours}).dump(), kIndexType);
  EXPECT_EQ(found(layout.tar_of({nested}))->image.manifest.str(), ours["digest"].get<std::string>());
  error_of(Errc::kNotSupported, [&] { found(layout.tar_of({layout.add({"three"}, "", "s390x")})); });
}

TEST(LayoutImage, VerifiesAllItReads) {
  Layout layout;
  const auto entry = layout.add({"one"});
  const auto stream = layout.tar_of({entry});
  const auto layer = compressed("one", Compression::kGzip);
  auto worse = layer;
  worse.back() ^= 1;
  error_of(Errc::kVerificationFailed, [&] { layers_of(replaced(stream, layer, worse)); });
  error_of(Errc::kVerificationFailed,
           [&] { found(replaced(stream, "\"layers\":[{\"digest", "\"layerS\":[{\"digest")); });
  error_of(Errc::kVerificationFailed, [&] { found(replaced(stream, "\"type\":\"layers\"", "\"type\":\"layerS\"")); });
  EXPECT_NO_THROW(layers_of(stream));

  auto larger = entry;
  larger["size"] = entry["size"].get<std::uint64_t>() + 1;
  error_of(Errc::kVerificationFailed, [&] { found(layout.tar_of({larger})); });
}

TEST(LayoutImage, SaysWhatIsMissingOrStrange) {
  Layout layout;
  const auto entry = layout.add({"one"});
  const auto whole = layout.blobs().by_digest;
  for (const auto& [digest, bytes] : whole) {
    layout.blobs().by_digest = whole;
    layout.blobs().by_digest.erase(digest);
    EXPECT_THAT(error_of(Errc::kCorrupt, [&] { found(layout.tar_of({entry})); }), HasSubstr(digest + " is missing"));
  }
  layout.blobs().by_digest = whole;
  const auto stream = layout.tar_of({entry});
  EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { found(replaced(stream, "1.0.0", "2.0.0")); }),
              HasSubstr("2.0.0"));
  error_of(Errc::kNotFound, [&] { found(layout.tar_of({})); });
}

TEST(DockerSave, IsReadInPlace) {
  DockerSave saved;
  saved.add({"one", "two"}, {"debian:13", "debian:latest"});
  const auto image = found(saved.tar());
  ASSERT_TRUE(image);
  EXPECT_EQ(image->image.reference, "debian:13");
  EXPECT_EQ(image->image.layers[1].diff_id, oci::Digest::of("two"));
  EXPECT_THAT(layers_of(saved.tar(), 99), testing::ElementsAre("one", "two"));
}

TEST(DockerSave, NeedsATagForOneOfSeveral) {
  DockerSave saved;
  saved.add({"one"}, {"localhost/a:1"});
  saved.add({"two"}, {"b:1", "b:2"});
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { found(saved.tar()); }), HasSubstr("localhost/a:1, b:1, b:2"));
  EXPECT_EQ(found(saved.tar(), "b:2")->image.layers[0].diff_id, oci::Digest::of("two"));
  EXPECT_EQ(found(saved.tar(), "a:1")->image.layers[0].diff_id, oci::Digest::of("one"));
  error_of(Errc::kNotFound, [&] { found(saved.tar(), "c"); });
}

TEST(DockerSave, RefusesWhatDoesNotFit) {
  DockerSave saved;
  saved.add({"one", "two"}, {});
  const auto good = saved;
  saved.manifest[0]["Layers"].erase(1);
  error_of(Errc::kCorrupt, [&] { found(saved.tar()); });
  saved.manifest[0]["Layers"][0] = "gone/layer.tar";
  EXPECT_THAT(error_of(Errc::kCorrupt, [&] { found(saved.tar()); }), HasSubstr("'gone/layer.tar' is missing"));
  saved.manifest[0]["Layers"][0] = "../layer.tar";
  error_of(Errc::kCorrupt, [&] { found(saved.tar()); });
  saved.manifest = {{{"Config", 1}}};
  error_of(Errc::kCorrupt, [&] { found(saved.tar()); });
  saved.manifest = {1};
  error_of(Errc::kCorrupt, [&] { found(saved.tar()); });
  saved = good;
  error_of(Errc::kVerificationFailed, [&] { found(replaced(saved.tar(), "\"os\":\"linux\"", "\"os\":\"Linux\"")); });
}

TEST(DockerSave, GivesWayToTheLayoutThatItIsToo) {
  Layout layout;
  const auto entry = layout.add({"one"}, "1");
  const auto stream = file("manifest.json", "[]") + layout.tar_of({entry});
  EXPECT_EQ(found(stream)->image.manifest.str(), entry["digest"].get<std::string>());
}

TEST(FindImage, FindsNoneInATree) {
  EXPECT_FALSE(found(file("index.json") + directory("etc") + kEndMark));
  EXPECT_FALSE(found(file("oci-layout") + kEndMark));
}

}  // namespace

}  // namespace sdme::test
