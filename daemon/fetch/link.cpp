// SPDX-License-Identifier: MIT
#include "fetch/link.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/packet.hpp"

namespace sdme::fetch {

namespace {

constexpr std::size_t kLongestPacket = 64 * 1024;

[[noreturn]] void gone() { throw Error(Errc::kCancelled, "the unit that unpacks has ended"); }

os::Packet receive(int socket) {
  auto packet = os::receive_packet(socket, kLongestPacket);
  if (!packet || packet->text.empty()) gone();
  return *std::move(packet);
}

}  // namespace

void Link::say(const json::Value& packet, int fd) const {
  const auto text = packet.dump(-1, ' ', false, json::Value::error_handler_t::replace);
  os::send_packet(socket_.get(), text, fd < 0 ? std::vector<int>{} : std::vector<int>{fd});
}

void Link::image(const oci::Image& image) const {
  const auto memory = os::sealed_memory(image.to_json().dump(), "image");
  say({{"image", true}}, memory.get());
}

std::vector<std::size_t> Link::wanted(std::size_t layers) const {
  const auto packet = json::parse(receive(socket_.get()).text, "what the unit that unpacks wants");
  auto places = json::get<std::vector<std::size_t>>(packet, "want");
  std::ranges::sort(places);
  places.erase(std::ranges::unique(places).begin(), places.end());
  if (!places.empty() && places.back() >= layers) {
    throw Error(Errc::kInternal, "the unit that unpacks wants a layer that the image does not have");
  }
  return places;
}

void Link::layer(std::size_t place, int pipe) const { say({{"layer", place}}, pipe); }

void Link::stream(const std::string& name, std::uint64_t size, int pipe) const {
  say({{"stream", {{"name", text::printable(name)}, {"size", size}}}}, pipe);
}

void Link::note(const std::string& text) const { say({{"note", text::printable(text, 512)}}); }

void Link::done() const { say({{"done", true}}); }

void Link::error(Errc code, const std::string& message) const {
  say({{"error", {{"code", row(code).word}, {"message", message}}}});
}

void Link::heed() const { receive(socket_.get()); }

}  // namespace sdme::fetch
