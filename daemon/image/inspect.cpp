// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sdme::image {

namespace {

constexpr const char* kInits[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/sbin/init"};

constexpr const char* kSystemds[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
constexpr const char* kBuses[] = {"/usr/bin/dbus-daemon", "/usr/bin/dbus-broker-launch"};
constexpr const char* kLogins[] = {"/etc/pam.d/login", "/usr/lib/pam.d/login"};

std::vector<std::string> missing_of(const layer::Stack& stack) {
  const auto init = stack.resolve("/sbin/init");
  if (init && init->starts_with("/nix/store/")) return {};  // NixOS is built whole
  std::vector<std::string> missing;
  const auto runs = [&](const char* path) { return stack.is_executable(path); };
  if (std::ranges::none_of(kSystemds, runs)) missing.emplace_back("systemd");
  if (std::ranges::none_of(kBuses, runs)) missing.emplace_back("dbus");
  if (std::ranges::none_of(kLogins, [&](const char* path) { return stack.resolve(path).has_value(); })) {
    missing.emplace_back("login");
  }
  return missing;
}

}  // namespace

Inspection inspect(const layer::Stack& stack) {
  auto release = stack.os_release();
  return {.os = stack.os(),
          .distro = text::printable(release["ID"]),
          .version_id = text::printable(release["VERSION_ID"]),
          .bootable = std::ranges::any_of(kInits, [&](const char* path) { return stack.is_executable(path); }),
          .missing = missing_of(stack)};
}

}  // namespace sdme::image
