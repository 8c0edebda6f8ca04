// SPDX-License-Identifier: MIT
#include "image/archived_image.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "image/archive_names.hpp"

namespace sdme::image {

namespace {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMostShown = 16;
  std::vector<std::string> shown;
  for (const auto& name : names) {
    if (shown.size() == kMostShown) {
      shown.emplace_back("…");
      break;
    }
    shown.push_back(text::printable(name));
  }
  return shown.empty() ? "none with a name" : text::join(shown, ", ");
}

}  // namespace

std::optional<ArchivedImage> find_image(const ArchiveIndex& archive, const Choice& choice) {
  if (archive.has(kLayoutName) && archive.has(kIndexName)) return image_of_layout(archive, choice);
  if (archive.has(kManifestName)) return image_of_docker_save(archive, choice);
  return std::nullopt;
}

void throw_several(const std::vector<std::string>& names) {
  throw Error(Errc::kInvalidArgument,
              "the archive has several images, and the option 'tag' has to say which one; there is " + listed(names));
}

void throw_none(const std::string& tag, const std::vector<std::string>& names) {
  throw Error(Errc::kNotFound, "the archive has no image " + text::quoted(tag) + "; there is " + listed(names));
}

}  // namespace sdme::image
