// SPDX-License-Identifier: MIT
#include "archive/entry_path.hpp"

#include <linux/limits.h>

#include <ranges>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

std::string entry_path(std::string_view name) {
  const auto refuse = [&](const std::string& why) -> Error {
    return {Errc::kCorrupt, "the archive has an entry " + why};
  };
  if (name.empty()) throw refuse("without a name");
  if (name.front() == '/') throw refuse(text::quoted(name) + ", whose name is absolute");
  std::string path;
  for (const auto part : name | std::views::split('/')) {
    const std::string_view component(part.begin(), part.end());
    if (component.empty() || component == ".") continue;
    if (component == "..") throw refuse(text::quoted(name) + ", whose name leads upwards");
    if (component.size() > NAME_MAX) throw refuse(text::quoted(name) + ", whose name is too long");
    if (!path.empty()) path += '/';
    path += component;
  }
  if (path.size() >= PATH_MAX) throw refuse(text::quoted(name) + ", whose name is too long");
  return path;
}

std::string_view parent_path(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace sdme::archive
