// SPDX-License-Identifier: MIT
#include "archive/layer_names.hpp"

#include <string_view>

#include "archive/entry_path.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOfAufs = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

}  // namespace

LayerName LayerName::of(const std::string& path) {
  const std::string above(parent_path(path));
  const auto name = last_name(path);
  if (is_of_whiteouts(above)) return {Mark::kIgnored, path};
  if (name == kOpaque) return {Mark::kOpaque, above};
  if (name.starts_with(kOfAufs)) return {Mark::kIgnored, path};
  if (!name.starts_with(kWhiteout)) return {Mark::kNone, path};
  const std::string gone(name.substr(kWhiteout.size()));
  if (gone.empty() || gone == "." || gone == "..") {
    throw Error(Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " that is a whiteout of nothing");
  }
  return {Mark::kWhiteout, above.empty() ? gone : above + "/" + gone};
}

bool is_of_whiteouts(std::string_view path) { return path.starts_with(kWhiteout) || path.contains("/.wh."); }

std::string without_root(std::string name) {
  const auto start = name.find_first_not_of('/');
  if (start == std::string::npos && !name.empty()) return ".";
  return start == std::string::npos ? name : name.substr(start);
}

}  // namespace sdme::archive
