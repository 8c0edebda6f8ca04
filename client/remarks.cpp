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
  const auto say = [&](const std::string& sentence) { client.out.say("sdmectl: " + printable(sentence)); };
  if (const auto warning = value_of<std::string>(result, "warning"); !warning.empty()) say(warning);
  const auto missing = value_of<std::vector<std::string>>(result, "missing");
  const bool bootable = value_of<bool>(result, "bootable", true);
  if (!missing.empty()) {
    say(fmt::format("'{}' lacks {}{} ({})", name, enumerated(missing),
                    bootable ? ": its containers are not whole" : ": its containers do not boot", kInstall));
  } else if (!bootable) {
    say(fmt::format("no init was found in '{}': its containers do not boot ({})", name, kInstall));
  }
}

}  // namespace sdme::client
