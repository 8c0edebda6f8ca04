// SPDX-License-Identifier: MIT
#include "model/definition.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sdme::model {

namespace {

bool has_control_character(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

std::vector<std::string> Definition::host_features() const {
  std::vector<std::string> features;
  if (host_clone) features.emplace_back("host-clone");
  if (!private_network) features.emplace_back("host-network");
  if (!userns) features.emplace_back("no-user-namespace");
  return features;
}

json::Value Definition::to_json() const {
  return {{"host_clone", host_clone},
          {"private_network", private_network},
          {"userns", userns},
          {"opaque_dirs", opaque_dirs},
          {"masked_services", masked_services}};
}

Definition Definition::from_json(const json::Value& value) {
  return {.host_clone = json::get<bool>(value, "host_clone"),
          .private_network = json::get<bool>(value, "private_network"),
          .userns = json::get<bool>(value, "userns"),
          .opaque_dirs = json::get<std::vector<std::string>>(value, "opaque_dirs"),
          .masked_services = json::get<std::vector<std::string>>(value, "masked_services")};
}

void check_opaque_dir(const std::string& path) {
  const auto refuse = [&](const char* why) {
    throw Error(Errc::kInvalidArgument, "opaque directory " + text::quoted(path) + " " + why);
  };
  if (path.empty() || path[0] != '/') refuse("must be an absolute path");
  if (path == "/") refuse("would hide the whole root filesystem");
  if (path.size() > 4096 || has_control_character(path)) refuse("is too long or has control characters");
  for (const auto& part : text::split(std::string_view(path).substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") refuse("must be normalised: no empty, '.' or '..' components");
  }
}

void check_unit_name(const std::string& name) {
  constexpr std::array kSuffixes = {".service", ".socket", ".target", ".timer",  ".path",
                                    ".mount",   ".swap",   ".slice",  ".device", ".automount"};
  const bool known = std::ranges::any_of(
      kSuffixes, [&](std::string_view suffix) { return name.ends_with(suffix) && name.size() > suffix.size(); });
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ':' || c == '-' || c == '_' || c == '.' || c == '\\' || c == '@';
  });
  if (!known || !plain || name.size() > 255) {
    throw Error(Errc::kInvalidArgument, text::quoted(name) + " is not the name of a unit, such as 'cron.service'");
  }
}

}  // namespace sdme::model
