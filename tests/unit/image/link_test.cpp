// SPDX-License-Identifier: MIT
#include "image/link_source.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "image/image_archive.hpp"
#include "os/file.hpp"
#include "os/packet.hpp"
#include "support/expect_error.hpp"

namespace sdme::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

os::UniqueFd pipe_of(const std::string& bytes) {
  int ends[2] = {};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const os::UniqueFd writing(ends[1]);
  os::write_all(writing.get(), bytes, "pipe");
  return os::UniqueFd(ends[0]);
}

class LinkTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2] = {};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    fetch_ = os::UniqueFd(ends[0]);
    link_.emplace(os::UniqueFd(ends[1]), [this](const std::string& note) { notes_.push_back(note); });
  }

  void say(const json::Value& packet) { os::send_packet(fetch_.get(), packet.dump(), {}); }
  void say(const json::Value& packet, const os::UniqueFd& fd) {
    os::send_packet(fetch_.get(), packet.dump(), {fd.get()});
  }
  void say_image() {
    const oci::Image image{.reference = "x",
                           .manifest = oci::Digest::of("m"),
                           .platform = oci::Platform::of_host(),
                           .config = config_for({"a", "b"}).dump(),
                           .layers = {{oci::Digest::of("a"), 1, oci::Digest::of("a"), ""},
                                      {oci::Digest::of("b"), 1, oci::Digest::of("b"), ""}}};
    say({{"image", true}}, os::sealed_memory(image.to_json().dump(), "image"));
  }

  os::UniqueFd fetch_;
  std::optional<image::Link> link_;
  std::vector<std::string> notes_;
};

std::string content(archive::Input& input) {
  const auto block = input.next();
  return {block.data(), block.size()};
}

TEST_F(LinkTest, BringsAnImage) {
  say({{"note", "waiting \x1b[2Jfor it"}});
  say_image();
  image::LinkSource source(*link_, std::get<oci::Image>(link_->open()));
  EXPECT_THAT(notes_, ElementsAre("waiting ?[2Jfor it"));
  EXPECT_EQ(source.image().layers.size(), 2U);
  source.want({1, 0});
  const auto asked = os::receive_packet(fetch_.get(), 1000);
  EXPECT_EQ(json::parse(asked->text, "packet"), (json::Value{{"want", {1, 0}}}));
  say({{"layer", 0}}, pipe_of("zero"));
  say({{"layer", 1}}, pipe_of("one"));
  say({{"done", true}});
  for (const auto& [number, bytes] : {std::pair(0U, "zero"), std::pair(1U, "one")}) {
    auto arriving = source.next();
    ASSERT_TRUE(arriving);
    EXPECT_EQ(arriving->layer, number);
    EXPECT_EQ(content(arriving->bytes), bytes);
  }
  EXPECT_FALSE(source.next());
  EXPECT_NO_THROW(source.finish());
}

TEST_F(LinkTest, WaitsForNoNote) {
  using std::chrono::milliseconds;
  say_image();
  image::LinkSource source(*link_, std::get<oci::Image>(link_->open()));
  EXPECT_TRUE(source.ready(milliseconds(0)));  // nothing is wanted
  source.want({0});
  say({{"note", "soon"}});
  EXPECT_FALSE(source.ready(milliseconds(0)));
  EXPECT_THAT(notes_, ElementsAre("soon"));
  say({{"layer", 0}}, pipe_of("zero"));
  EXPECT_TRUE(source.ready(milliseconds(10'000)));
  EXPECT_TRUE(source.ready(milliseconds(0)));
  EXPECT_EQ(source.next()->layer, 0U);
  fetch_.reset();
  EXPECT_TRUE(link_->ready(milliseconds(0)));
}

TEST_F(LinkTest, BringsAStream) {
  say({{"stream", {{"name", "x.tar"}, {"size", 7}}}}, pipe_of("content"));
  say({{"done", true}});
  const auto opened = link_->open();
  EXPECT_EQ(std::get<image::Link::Stream>(opened).size, 7U);
  EXPECT_NO_THROW(link_->wait_done());
}

TEST_F(LinkTest, NeedsTheLastWord) {
  say_image();
  image::LinkSource source(*link_, std::get<oci::Image>(link_->open()));
  source.want({0});
  say({{"layer", 0}}, pipe_of("zero"));
  EXPECT_TRUE(source.next());
  fetch_.reset();
  EXPECT_THAT(error_of(Errc::kNetworkFailed, [&] { source.finish(); }), HasSubstr("without a word"));
}

TEST_F(LinkTest, PassesOnWhatWentWrong) {
  say({{"error", {{"code", "NetworkFailed"}, {"message", "the server \x1b[2Jis gone"}}}});
  EXPECT_EQ(error_of(Errc::kNetworkFailed, [&] { link_->open(); }), "the server ?[2Jis gone");
  say({{"error", {{"code", "Nonsense"}, {"message", "x"}}}});
  error_of(Errc::kInternal, [&] { link_->wait_done(); });
}

TEST_F(LinkTest, TellsACutFromItsReason) {
  say({{"note", "x"}});
  say({{"error", {{"code", "NetworkFailed"}, {"message", "gone"}}}});
  EXPECT_EQ(link_->complaint()->message(), "gone");
  fetch_.reset();
  EXPECT_THAT(link_->complaint()->message(), HasSubstr("without a word"));
}

TEST_F(LinkTest, HasNoComplaintOfWhatWasSentWhole) {
  say({{"done", true}});
  fetch_.reset();
  EXPECT_FALSE(link_->complaint());
}

TEST_F(LinkTest, RefusesOddPackets) {
  const auto memory = os::sealed_memory("{}", "image");
  const auto refused = [&](const json::Value& packet, const os::UniqueFd* fd = nullptr) {
    SetUp();
    fd == nullptr ? say(packet) : say(packet, *fd);
    error_of(Errc::kCorrupt, [&] { link_->open(); });
  };
  refused({{"image", true}});
  refused({{"image", true}}, &memory);  // not one
  const auto pipe = pipe_of("{}");
  refused({{"image", true}}, &pipe);
  refused({{"stream", {{"size", 1}}}}, &memory);
  refused({{"stream", {{"size", "x"}}}}, &pipe);
  refused({{"done", true}});
  refused({{"layer", 0}}, &pipe);
  refused({{"image", true}, {"stream", 1}}, &memory);
  refused({{"error", 1}});
  refused({{"note", 1}});
  SetUp();
  os::send_packet(fetch_.get(), "{", {});
  error_of(Errc::kCorrupt, [&] { link_->open(); });
  SetUp();
  os::send_packet(fetch_.get(), R"({"image": true})", {memory.get(), memory.get()});
  error_of(Errc::kCorrupt, [&] { link_->open(); });
}

TEST_F(LinkTest, RefusesLayersThatNobodyWants) {
  for (const auto& odd : {json::Value{{"layer", 1}}, json::Value{{"layer", -1}}, json::Value{{"layer", "0"}}}) {
    SetUp();
    link_->want({0});
    say(odd, pipe_of("x"));
    error_of(Errc::kCorrupt, [&] { link_->next_layer(); });
  }
  SetUp();
  link_->want({0});
  say({{"layer", 0}}, pipe_of("x"));
  say({{"layer", 0}}, pipe_of("x"));
  link_->next_layer();
  error_of(Errc::kCorrupt, [&] { link_->next_layer(); });
  say({{"layer", 0}}, pipe_of("x"));
  error_of(Errc::kCorrupt, [&] { link_->wait_done(); });
}

}  // namespace

}  // namespace sdme::test
