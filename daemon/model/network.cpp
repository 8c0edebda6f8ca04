// SPDX-License-Identifier: MIT
#include "model/network.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"
#include "model/names.hpp"

namespace sdme::model {

namespace {

using Mode = Network::Mode;

struct ModeRow {
  Mode mode;
  std::string_view word;
  std::string_view of;  // what its name names, "" where it has none
};

constexpr std::array kModes = {
    ModeRow{Mode::kHost, "host", ""},           ModeRow{Mode::kPrivate, "private", ""},
    ModeRow{Mode::kVeth, "veth", ""},           ModeRow{Mode::kZone, "zone", "zone"},
    ModeRow{Mode::kBridge, "bridge", "bridge"}, ModeRow{Mode::kMacvlan, "macvlan", "interface"},
    ModeRow{Mode::kPod, "pod", "pod"},
};

constexpr std::size_t kLongestInterface = 15;  // IFNAMSIZ - 1

const ModeRow& row_of(Mode mode) { return *std::ranges::find(kModes, mode, &ModeRow::mode); }

void check_interface(const std::string& name, std::string_view what) {
  const bool plain = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
  if (name.empty() || !plain || name == "." || name == ".." || name.size() > kLongestInterface) {
    throw Error(Errc::kInvalidArgument, text::quoted(name) + " is not the name of " +
                                            (what == "interface" ? "an " : "a ") + std::string(what) +
                                            ": at most 15 letters, digits, '-', '_' and '.'");
  }
}

void check_name(const Network& network, const ModeRow& row) {
  switch (network.mode) {
    case Mode::kZone:
      Name::parse(network.name, "zone name");
      if (network.name.size() > kLongestZone) {
        throw Error(Errc::kInvalidArgument, "zone name " + text::quoted(network.name) + " is too long: at most " +
                                                std::to_string(kLongestZone) +
                                                " characters, since an interface is named after it");
      }
      return;
    case Mode::kPod:
      Name::parse(network.name, "pod name");
      return;
    default:
      check_interface(network.name, row.of);
  }
}

}  // namespace

Network Network::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto word = text.substr(0, colon);
  const auto* row = std::ranges::find(kModes, word, &ModeRow::word);
  if (row == kModes.end()) {
    throw Error(Errc::kInvalidArgument, text::quoted(text) +
                                            " is no kind of network: host, private, veth, zone:NAME, "
                                            "bridge:NAME, macvlan:INTERFACE or pod:NAME");
  }
  Network made{.mode = row->mode};
  if (row->of.empty()) {
    if (colon != std::string_view::npos)
      throw Error(Errc::kInvalidArgument, "the network '" + std::string(word) + "' takes no name");
    return made;
  }
  if (colon == std::string_view::npos) {
    throw Error(Errc::kInvalidArgument,
                "the network '" + std::string(word) + "' needs a name: " + std::string(word) + ":NAME");
  }
  made.name = text.substr(colon + 1);
  check_name(made, *row);
  return made;
}

std::string Network::str() const {
  const auto& row = row_of(mode);
  return std::string(row.word) + (row.of.empty() ? "" : ":" + name);
}

std::uint32_t Network::gateway() const {
  const auto mask = prefix == 0 ? 0U : ~std::uint32_t{0} << (32U - prefix);
  return (address & mask) + 1;
}

json::Value Network::to_json() const {
  json::Value value = {{"kind", str()}};
  if (is_ours()) value.update({{"address", address}, {"prefix", prefix}});
  return value;
}

Network Network::from_json(const json::Value& value) {
  auto made = parse(json::get<std::string>(value, "kind"));
  if (!made.is_ours()) return made;
  made.address = json::get<std::uint32_t>(value, "address");
  made.prefix = json::get<std::uint8_t>(value, "prefix");
  if (made.address != 0 && (made.prefix < 8 || made.prefix > 30))
    throw Error(Errc::kCorrupt, "key 'prefix' must be between 8 and 30");
  return made;
}

std::string to_text(std::uint32_t address) {
  return std::to_string(address >> 24U) + "." + std::to_string(address >> 16U & 255U) + "." +
         std::to_string(address >> 8U & 255U) + "." + std::to_string(address & 255U);
}

}  // namespace sdme::model
