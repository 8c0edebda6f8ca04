// SPDX-License-Identifier: MIT
#include "remarks.hpp"

#include <fmt/format.h>

#include "text.hpp"

namespace sdme::client {

namespace {

constexpr const char* kInstall = "'fs import --force --install-packages=yes' installs what it can";

// "a", "a and b", "a, b and c".
std::string enumerated(std::vector<std::string> words) {
  if (words.size() < 2) return join(words, "");
  const auto last = std::move(words.back());
  words.pop_back();
  return join(words, ", ") + " and " + last;
}

}  // namespace

void say_remarks(Client& client, const std::string& name, const Dict& result) {
  const auto say = [&](const std::string& sentence) {
    client.out.say("sdmectl: " + printable(fmt::format("'{}': {}", name, sentence)));
  };
  const auto warning = value_of<std::string>(result, "warning");
  if (!warning.empty()) say(warning);
  const auto missing = value_of<std::vector<std::string>>(result, "missing");
  if (!missing.empty() && !warning.contains("lacks")) {
    say(fmt::format("it lacks {} to boot and to be logged in to ({})", enumerated(missing), kInstall));
  } else if (missing.empty() && !value_of<bool>(result, "bootable", true)) {
    say(fmt::format("it has no init, and its containers do not boot ({})", kInstall));
  }
}

}  // namespace sdme::client
