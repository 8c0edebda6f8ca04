// SPDX-License-Identifier: MIT
#include "image/archive_names.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"

namespace sdme::image {

namespace {

constexpr std::array<std::string_view, 5> kTopNames = {kLayoutName, kIndexName, kManifestName, "repositories", "blobs"};
constexpr std::array<std::string_view, 3> kLayerFiles = {"layer.tar", "json", "VERSION"};
constexpr std::size_t kIdLength = 64;

bool is_id(std::string_view text) {
  return text.size() == kIdLength &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// What of `components` is left when "." and ".." are followed; nothing when they lead out.
std::optional<std::string> joined(const std::vector<std::string>& components) {
  std::vector<std::string> kept;
  for (const auto& component : components) {
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      kept.push_back(component);
    } else if (kept.empty()) {
      return std::nullopt;
    } else {
      kept.pop_back();
    }
  }
  return text::join(kept, "/");
}

}  // namespace

std::optional<std::string> plain_name(std::string_view name) {
  const auto components = text::split(name, '/');
  if (name.starts_with('/') || std::ranges::contains(components, "..")) return std::nullopt;
  return joined(components);
}

std::optional<std::string> plain_target(std::string_view name, std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  auto components = text::split(name, '/');
  components.pop_back();
  std::ranges::copy(text::split(target, '/'), std::back_inserter(components));
  return joined(components);
}

bool is_name_in_image(std::string_view name) {
  const auto components = text::split(name, '/');
  const std::string_view first = components.front();
  if (components.size() == 1) {
    constexpr std::string_view kJson = ".json";
    constexpr std::string_view kTar = ".tar";  // as podman names layers
    const auto stem = first.substr(0, std::min(first.size(), kIdLength));
    const auto ending = first.substr(stem.size());
    return std::ranges::contains(kTopNames, first) ||
           (is_id(stem) && (ending.empty() || ending == kJson || ending == kTar));
  }
  if (first == "blobs") return components.size() <= 3;
  return components.size() == 2 && is_id(first) && std::ranges::contains(kLayerFiles, components[1]);
}

}  // namespace sdme::image
