// SPDX-License-Identifier: MIT
#include "source_name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "failure.hpp"
#include "support/temp_dir.hpp"

namespace sdme::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = SourceName::Kind;

// In a directory with a file "debian", directories "tree" and "docker.io/library", a file "a:b" and a broken link
// "broken".
class SourceNameTest : public testing::Test {
 protected:
  SourceNameTest() {
    test::put(directory_ / "debian", "x");
    test::put(directory_ / "debian.tar.xz", "x");
    test::put(directory_ / "a:b", "x");
    test::put(directory_ / "Debian", "x");
    std::filesystem::create_directories(directory_ / "tree");
    std::filesystem::create_directories(directory_ / "docker.io/library");
    std::filesystem::create_symlink("nowhere", directory_ / "broken");
    std::filesystem::current_path(directory_.path());
    ::setenv("HOME", "/home/of-a-test", 1);
  }
  ~SourceNameTest() override { std::filesystem::current_path(before_); }

  static Failure failure_of_name(const std::string& word) {
    try {
      (void)read_source_name(word);
    } catch (const Failure& failure) {
      return failure;
    }
    ADD_FAILURE() << word << " was taken for something";
    return {0, ""};
  }

  const std::filesystem::path before_ = std::filesystem::current_path();
  test::TempDir directory_;
};

struct Meaning {
  const char* word;
  Kind kind;
  const char* place;
  const char* tag = "";
};

constexpr const char* kDigest = "debian@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const Meaning kMeanings[] = {
    {"-", Kind::kStandardInput, ""},
    {"http://example.org/a.tar", Kind::kUrl, "http://example.org/a.tar"},
    {"HTTPS://example.org/a@b?c=d", Kind::kUrl, "https://example.org/a@b?c=d"},
    // Prefixes decide, whatever is there.
    {"docker://debian", Kind::kImage, "docker://debian"},
    {"docker://localhost:5000/a/b:1", Kind::kImage, "docker://localhost:5000/a/b:1"},
    {"oci:tree", Kind::kLayout, "tree"},
    {"oci:tree:v1", Kind::kLayout, "tree", "v1"},
    {"oci:~/tree:v1", Kind::kLayout, "/home/of-a-test/tree", "v1"},
    {"oci-archive:a:b", Kind::kFile, "a:b"},
    {"oci-archive:x.tar:v1", Kind::kFile, "x.tar", "v1"},
    {"docker-archive:x.tar:localhost/app:1", Kind::kFile, "x.tar", "localhost/app:1"},
    {"dir:tree", Kind::kTree, "tree"},
    {"dir:a:c", Kind::kTree, "a:c"},
    {"file:debian", Kind::kFile, "debian"},
    {"file:-", Kind::kFile, "-"},
    {"file:///x", Kind::kFile, "///x"},
    // What looks like a path is one, there or not.
    {"/nowhere", Kind::kPath, "/nowhere"},
    {"./debian", Kind::kPath, "./debian"},
    {"./nowhere:5000/x", Kind::kPath, "./nowhere:5000/x"},
    {"../x", Kind::kPath, "../x"},
    {"~/x", Kind::kPath, "/home/of-a-test/x"},
    {"~", Kind::kPath, "/home/of-a-test"},
    {".", Kind::kPath, "."},
    {"..", Kind::kPath, ".."},
    // What is there is a path.
    {"debian", Kind::kPath, "debian"},
    {"debian.tar.xz", Kind::kPath, "debian.tar.xz"},
    {"Debian", Kind::kPath, "Debian"},
    {"tree", Kind::kPath, "tree"},
    {"tree/", Kind::kPath, "tree/"},
    {"docker.io/library", Kind::kPath, "docker.io/library"},
    {"a:b", Kind::kPath, "a:b"},
    {"broken", Kind::kPath, "broken"},
    // And else it is an image.
    {"fedora", Kind::kImage, "docker://fedora"},
    {"debian:13", Kind::kImage, "docker://debian:13"},
    {kDigest, Kind::kImage, "docker://debian@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"docker.io/library/debian:13", Kind::kImage, "docker://docker.io/library/debian:13"},
    {"localhost:5000/x", Kind::kImage, "docker://localhost:5000/x"},
    {"127.0.0.1:5000/a/b", Kind::kImage, "docker://127.0.0.1:5000/a/b"},
    {"[::1]:5000/x", Kind::kImage, "docker://[::1]:5000/x"},
    {"quay.io/fedora/fedora:43", Kind::kImage, "docker://quay.io/fedora/fedora:43"},
};

TEST_F(SourceNameTest, Meanings) {
  for (const auto& expected : kMeanings) {
    const auto name = read_source_name(expected.word);
    EXPECT_EQ(static_cast<int>(name.kind), static_cast<int>(expected.kind)) << expected.word;
    EXPECT_EQ(name.place, expected.place) << expected.word;
    EXPECT_EQ(name.tag, expected.tag) << expected.word;
    EXPECT_EQ(name.reference.has_value(), expected.kind == Kind::kImage) << expected.word;
  }
}

TEST_F(SourceNameTest, TheOtherReadingIsTold) {
  for (const std::string word : {"debian", "tree", "docker.io/library", "a:b"}) {
    EXPECT_THAT(read_source_name(word).note, HasSubstr("docker://" + word)) << word;
  }
  for (const std::string word :
       {"debian.tar.xz", "./debian", "Debian", "file:debian", "fedora", "docker://debian", "-"}) {
    EXPECT_EQ(read_source_name(word).note, "") << word;
  }
}

TEST_F(SourceNameTest, NothingOfAllThis) {
  for (const std::string word :
       {"", "Nothing", "ftp://example.org/x", "no where", "debian:", "a//b", "x/", "debian@sha256:12"}) {
    const auto failure = failure_of_name(word);
    EXPECT_EQ(failure.exit_status, exit_code::kBadInput) << word;
    EXPECT_THAT(failure.message, AllOf(HasSubstr("file or directory"), HasSubstr("URL"), HasSubstr("image"))) << word;
  }
}

TEST_F(SourceNameTest, AFileThatIsNotThereIsNoImage) {
  const auto failure = failure_of_name("debain.tar.xz");
  EXPECT_EQ(failure.exit_status, exit_code::kBadInput);
  EXPECT_THAT(failure.message, HasSubstr("no file 'debain.tar.xz'"));
  EXPECT_THAT(failure.hint, HasSubstr("docker://debain.tar.xz"));
}

TEST_F(SourceNameTest, ForcedAndWrong) {
  EXPECT_THAT(failure_of_name("docker://Debian").message, HasSubstr("not the name of an image"));
  EXPECT_THAT(failure_of_name("docker://").message, HasSubstr("not the name of an image"));
  EXPECT_EQ(failure_of_name("oci:").exit_status, exit_code::kUsage);
  EXPECT_THAT(failure_of_name("docker-daemon:debian:13").hint, HasSubstr("docker save"));
  EXPECT_EQ(failure_of_name("containers-storage:debian").exit_status, exit_code::kUsage);
}

TEST_F(SourceNameTest, AUrlHoldsNoSecret) {
  const auto failure = failure_of_name("https://alice:s3cret@example.org/x.tar");
  EXPECT_EQ(failure.exit_status, exit_code::kUsage);
  EXPECT_THAT(failure.message + failure.hint, AllOf(HasSubstr("must not be in a URL"), Not(HasSubstr("s3cret"))));
}

TEST_F(SourceNameTest, AVeryLongWord) {
  EXPECT_EQ(failure_of_name(std::string(1 << 20, 'a')).exit_status, exit_code::kBadInput);
  EXPECT_EQ(failure_of_name("docker://" + std::string(1 << 20, 'a')).exit_status, exit_code::kBadInput);
}

TEST(Reference, CredentialKeys) {
  using testing::ElementsAre;
  const auto keys = [](const std::string& text) { return credential_keys(parse_reference(text).value()); };
  EXPECT_THAT(keys("quay.io/a/b/c:1"), ElementsAre("quay.io/a/b/c", "quay.io/a/b", "quay.io/a", "quay.io"));
  EXPECT_THAT(keys("localhost:5000/x"), ElementsAre("localhost:5000/x", "localhost:5000"));
  EXPECT_THAT(keys("docker.io/debian"), ElementsAre("docker.io/library/debian", "docker.io/library", "docker.io"));
  EXPECT_THAT(keys("registry-1.docker.io/a/b"), ElementsAre("docker.io/a/b", "docker.io/a", "docker.io"));
  EXPECT_THAT(keys("debian"), ElementsAre("docker.io/library/debian", "docker.io/library", "docker.io"));
  EXPECT_THAT(keys("a/b"), ElementsAre("docker.io/a/b", "docker.io/a", "docker.io"));
}

}  // namespace
}  // namespace sdme::client
