// SPDX-License-Identifier: MIT
#include "model/path.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::model {

namespace {

constexpr std::size_t kLongestPath = 4095;  // PATH_MAX counts the end of it
constexpr std::size_t kLongestName = 255;

bool has_control_character(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

void check_path(const std::string& path, std::string_view what) {
  const auto refuse = [&](const char* why) {
    throw Error(Errc::kInvalidArgument, std::string(what) + " " + text::quoted(path) + " " + why);
  };
  if (path.empty() || path[0] != '/') refuse("must be an absolute path");
  if (path == "/") refuse("would be the whole root filesystem");
  if (path.size() > kLongestPath || has_control_character(path)) refuse("is too long or has control characters");
  for (const auto& part : text::split(std::string_view(path).substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") refuse("must be normalised: no empty, '.' or '..' components");
    if (part.size() > kLongestName) refuse("has too long a name in it");
  }
}

bool at_or_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace sdme::model
