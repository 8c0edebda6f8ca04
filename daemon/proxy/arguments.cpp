// SPDX-License-Identifier: MIT
#include "proxy/arguments.hpp"

#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::proxy {

namespace {

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uint64_t kLongestSeconds = 365 * 24 * 3600;

[[noreturn]] void refuse(const std::string& sentence) { throw Error(Errc::kInvalidArgument, sentence); }

std::uint64_t number(const std::string& what, const std::string& text, std::uint64_t most) {
  const auto value = text::to_unsigned(text);
  if (value && *value >= 1 && *value <= most) return *value;
  refuse(what + " is a number from 1 to " + std::to_string(most) + ", not " + text::quoted(text));
}

void set_option(Arguments& arguments, const std::string& name, const std::string& value) {
  if (name == "--max-connections") {
    arguments.max_connections = number(name, value, kMostConnections);
  } else if (name == "--idle") {
    arguments.idle = std::chrono::seconds(number(name, value, kLongestSeconds));
  } else if (name == "--flow-idle") {
    arguments.flow_idle = std::chrono::seconds(number(name, value, kLongestSeconds));
  } else {
    refuse("there is no option " + text::quoted(name));
  }
}

}  // namespace

Arguments Arguments::parse(const std::vector<std::string>& words) {
  Arguments arguments;
  std::vector<std::string> plain;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) {
      plain.push_back(words[i]);
    } else if (const auto equals = words[i].find('='); equals != std::string::npos) {
      set_option(arguments, words[i].substr(0, equals), words[i].substr(equals + 1));
    } else {
      set_option(arguments, words[i], i + 1 < words.size() ? words[i + 1] : "");
      ++i;
    }
  }
  if (plain.size() != 2) {
    refuse("usage: sdme-proxy [--max-connections N] [--idle SECONDS] [--flow-idle SECONDS] ADDRESS PORT");
  }
  const auto port = number("the port", plain[1], std::numeric_limits<std::uint16_t>::max());
  arguments.guest = Address::parse(plain[0], static_cast<std::uint16_t>(port));
  return arguments;
}

}  // namespace sdme::proxy
