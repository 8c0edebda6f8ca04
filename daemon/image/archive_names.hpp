// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

// Names in a tar stream that may hold an image.
namespace sdme::image {

inline constexpr std::string_view kLayoutName = "oci-layout";
inline constexpr std::string_view kIndexName = "index.json";
inline constexpr std::string_view kManifestName = "manifest.json";  // of `docker save`

// Components joined by single slashes, without "."; "" for the root. Nothing for names that lead
// out of the archive: absolute ones and those with "..".
std::optional<std::string> plain_name(std::string_view name);

// Where a link leads: relative to the directory of `name`, as symbolic links are. Nothing when that is
// outside.
std::optional<std::string> plain_target(std::string_view name, std::string_view target);

// Whether the parts of an OCI image layout or of `docker save` have names like this plain one.
bool is_name_in_image(std::string_view name);

}  // namespace sdme::image
