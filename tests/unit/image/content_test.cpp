// SPDX-License-Identifier: MIT
#include "image/content.hpp"

#include <string>

#include "archive/tar_stream.hpp"
#include "image/archive_names.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

using image::Content;
using image::content_of;

std::string with(std::size_t offset, std::string_view mark, std::size_t size = image::kTellingBytes) {
  std::string bytes(size, '\0');
  return bytes.replace(offset, mark.size(), mark);
}

const std::string kId(64, 'a');

TEST(Content, KnowsDisks) {
  using namespace std::string_view_literals;
  for (const auto& [offset, mark] : {std::pair(0, "QFI\xfb"sv),
                                     {512, "EFI PART"sv},
                                     {4096, "EFI PART"sv},
                                     {1080, "\x53\xef"sv},
                                     {0, "XFSB"sv},
                                     {65600, "_BHRfS_M"sv},
                                     {0, "hsqs"sv}}) {
    const auto bytes = with(static_cast<std::size_t>(offset), mark);
    EXPECT_EQ(content_of(bytes), Content::kDisk) << mark;
    EXPECT_EQ(content_of(std::string_view(bytes).substr(0, static_cast<std::size_t>(offset) + 1)), Content::kTarball);
  }
}

TEST(Content, KnowsPartitionTablesThatMakeSense) {
  auto disk = with(510, "\x55\xaa");
  EXPECT_EQ(content_of(disk), Content::kTarball);  // none at all
  disk.replace(446, 16, std::string("\x80\0\0\0\x83\0\0\0\0\x08\0\0\0\x10\0\0", 16));
  EXPECT_EQ(content_of(disk), Content::kDisk);
  disk[462] = 'x';  // as in FAT's boot code
  EXPECT_EQ(content_of(disk), Content::kTarball);
}

TEST(Content, NamesWhatHasToBeConverted) {
  for (const std::string mark : {"KDMV", "vhdxfile", "conectix"}) {
    EXPECT_THAT(error_of(Errc::kUnsupportedFormat, [&] { content_of(with(0, mark)); }), testing::HasSubstr("qemu-img"));
  }
}

TEST(Content, KnowsImagesByTheirFirstName) {
  for (const auto& name :
       {std::string("oci-layout"), std::string("./index.json"), std::string("manifest.json"),
        std::string("repositories"), kId + ".json", kId + "/layer.tar", "blobs/sha256/" + kId, kId + ".tar"}) {
    EXPECT_EQ(content_of(file(name) + kEndMark), Content::kImageArchive) << name;
    EXPECT_EQ(content_of(directory("./") + file(name) + kEndMark), Content::kImageArchive) << name;
    EXPECT_EQ(content_of(pax(pax_record("mtime", "1")) + file(name) + kEndMark), Content::kImageArchive) << name;
  }
  EXPECT_EQ(content_of(directory("blobs/") + kEndMark), Content::kImageArchive);
  EXPECT_EQ(content_of(directory("./" + kId + "/") + kEndMark), Content::kImageArchive);
}

TEST(Content, TakesAnyOtherTarForATree) {
  for (const auto& stream :
       {file("etc/oci-layout"), directory("./") + directory("./bin"), directory("./"), symlink("./", "oci-layout"),
        file("../oci-layout"), file("/oci-layout"), file(kId + "/etc/x")}) {
    EXPECT_EQ(content_of(stream + kEndMark), Content::kTarball);
  }
  EXPECT_EQ(content_of(file("x", std::string(2000, 'x')).replace(1080, 2, "\x53\xef")), Content::kTarball);
  EXPECT_EQ(content_of(std::string()), Content::kTarball);
  EXPECT_EQ(content_of(std::string("hello")), Content::kTarball);
  EXPECT_EQ(content_of(kEndMark), Content::kTarball);
}

TEST(ArchiveNames, LeadNowhereElse) {
  EXPECT_EQ(image::plain_name("./a//b/."), "a/b");
  EXPECT_EQ(image::plain_name("./"), "");
  EXPECT_EQ(image::plain_name("/a"), std::nullopt);
  EXPECT_EQ(image::plain_name("a/../b"), std::nullopt);
  EXPECT_EQ(image::plain_target("a/layer.tar", "../b/layer.tar"), "b/layer.tar");
  EXPECT_EQ(image::plain_target("a/layer.tar", "../../b"), std::nullopt);
  EXPECT_EQ(image::plain_target("a", "/b"), std::nullopt);
}

}  // namespace

}  // namespace sdme::test
