// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "image/layers.hpp"
#include "os/dir.hpp"

namespace sdme::image {

// What was made of an import, before anybody has looked into it.
struct Root {
  std::vector<UnpackedLayer> layers;  // bottom first; size and entries only of new ones
  std::string digest;
  std::string reference = {};
  std::string platform = {};
  std::string config = {};
  std::string warning = {};  // one sentence about what was left out, or ""
};

// Whether what is missing is to be installed: the request's `install`.
enum class Install { kAuto, kYes, kNo };
Install install_of(const std::string& word);  // InvalidArgument

// The result of a verb that made a root filesystem. Looks into the whole stack, new layers in staging and old
// ones in the store, and keeps the measures of the new ones. When something is missing that the
// distribution may know how to install, `next` says so. NotSupported when it must be, and nobody can know.
json::Value describe(const Root& root, const os::Dir& staging, Install install);

}  // namespace sdme::image
