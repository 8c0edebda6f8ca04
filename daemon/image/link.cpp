// SPDX-License-Identifier: MIT
#include "image/link.hpp"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/packet.hpp"

namespace sdme::image {

namespace {

constexpr std::size_t kLongestPacket = std::size_t{64} * 1024;
constexpr std::size_t kLongestNote = 120;
constexpr std::size_t kLongestComplaint = 1024;
constexpr auto kComplaintPatience = std::chrono::seconds(2);

Error odd(const std::string& why) { return {Errc::kCorrupt, "what fetches it says something odd: " + why}; }

Error without_a_word() { return {Errc::kNetworkFailed, "the unit that fetches ended without a word; try again"}; }

mode_t kind_of(const os::UniqueFd& fd) {
  struct stat found = {};
  if (fstat(fd.get(), &found) < 0) throw_errno("looking at what was fetched");
  return found.st_mode & S_IFMT;
}

Error error_in(const json::Value& said) {
  const auto code = errc_from_word(json::get<std::string>(said, "code")).value_or(Errc::kInternal);
  return {code, text::printable(json::get<std::string>(said, "message"), kLongestComplaint)};
}

}  // namespace

os::UniqueFd Link::Message::take(mode_t kind, const std::string& what) {
  if (!fd || kind_of(fd) != kind) throw odd(what + " did not come as it should");
  return std::move(fd);
}

// One packet; a note, which is passed on, is an empty message, and so is the end of the connection.
Link::Message Link::receive() {
  auto packet = os::receive_packet(socket_.get(), kLongestPacket);
  ended_ = !packet || packet->text.empty();
  if (ended_) return {};
  Message message{.value = json::parse(packet->text, "what the unit that fetches says"), .fd = {}};
  if (message.value.size() != 1 || packet->fds.size() > 1) throw odd("too much at once");
  if (!packet->fds.empty()) message.fd = std::move(packet->fds.front());
  if (!message.has("note")) return message;
  note_(text::printable(json::get<std::string>(message.value, "note"), kLongestNote));
  return {};
}

// Notes come whenever they like, and are nothing that somebody waits for.
bool Link::ready(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!ahead_ && !ended_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting = {socket_.get(), POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(std::max(left.count(), std::int64_t{0}))) <= 0) return false;
    auto message = receive();
    if (!message.value.is_null()) ahead_ = std::move(message);
  }
  return true;
}

Link::Message Link::expect() {
  auto message = std::exchange(ahead_, std::nullopt).value_or(Message());
  while (message.value.is_null() && !ended_) message = receive();
  if (message.value.is_null()) throw without_a_word();
  if (const auto said = message.value.find("error"); said != message.value.end()) throw error_in(*said);
  return message;
}

std::variant<oci::Image, Link::Stream> Link::open() {
  auto message = expect();
  if (message.has("image")) {
    const auto text = os::read_all(message.take(S_IFREG, "the image").get(), oci::kLargestImage, "the image");
    return oci::Image::from_json(json::parse(text, "the image"));
  }
  const auto stream = message.value.find("stream");
  if (stream == message.value.end()) throw odd("neither an image nor a stream");
  return Stream{.size = json::get_or<std::uint64_t>(*stream, "size", 0), .bytes = message.take(S_IFIFO, "the stream")};
}

void Link::want(const std::vector<std::size_t>& layers) {
  awaited_.insert(layers.begin(), layers.end());
  os::send_packet(socket_.get(), json::Value{{"want", layers}}.dump(), {});  // that it is gone, the next packet tells
}

Link::Layer Link::next_layer() {
  auto message = expect();
  if (!message.has("layer")) throw odd("not all layers came");
  const auto number = json::get<std::size_t>(message.value, "layer");
  if (awaited_.erase(number) == 0) throw odd("a layer that is not wanted");
  return {.number = number, .bytes = message.take(S_IFIFO, "a layer")};
}

void Link::wait_done() {
  if (std::exchange(done_, true)) return;
  const auto message = expect();
  if (!message.has("done") || !json::get<bool>(message.value, "done")) throw odd("more than was wanted");
}

std::optional<Error> Link::complaint() {
  try {
    while (ready(kComplaintPatience) && ahead_) {
      const auto message = *std::exchange(ahead_, std::nullopt);
      if (const auto said = message.value.find("error"); said != message.value.end()) return error_in(*said);
      done_ = done_ || message.has("done");
    }
  } catch (const Error&) {
    return std::nullopt;  // then what is known is all there is
  }
  if (ended_ && !done_) return without_a_word();
  return std::nullopt;
}

}  // namespace sdme::image
