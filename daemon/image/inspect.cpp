// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sdme::image {

namespace {

constexpr const char* kInits[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/sbin/init"};

}  // namespace

Inspection inspect(const layer::Stack& stack) {
  auto release = stack.os_release();
  return {.os = stack.os(),
          .distro = text::printable(release["ID"]),
          .version_id = text::printable(release["VERSION_ID"]),
          .bootable = std::ranges::any_of(kInits, [&](const char* path) { return stack.is_executable(path); })};
}

}  // namespace sdme::image
