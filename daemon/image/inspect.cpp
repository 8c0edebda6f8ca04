// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sdme::image {

namespace {

// Where systemd-nspawn looks, and where /sbin is a directory of its own.
constexpr std::array kInits = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/sbin/init"};

// NixOS has all it is made of in /nix/store, and its own names for it in a profile. In an image that never
// ran the second of these is there alone.
constexpr std::array kNixSystems = {"/run/current-system", "/nix/var/nix/profiles/system"};
constexpr std::string_view kNixStore = "/nix/store/";

constexpr std::array kSystemd = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
constexpr const char* kNixSystemd = "/systemd/lib/systemd/systemd";
constexpr std::array kNixInits = {"/sbin/init", "/init"};

constexpr std::array kBuses = {"/usr/bin/dbus-daemon", "/bin/dbus-daemon", "/usr/bin/dbus-broker", "/bin/dbus-broker"};
constexpr std::array kNixBuses = {"/sw/bin/dbus-daemon", "/sw/bin/dbus-broker"};
constexpr std::array kUnitDirs = {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};
constexpr std::array kBusUnits = {"/dbus.service", "/dbus-broker.service"};

// openSUSE has its own in /usr.
constexpr std::array kLogins = {"/etc/pam.d/login", "/usr/lib/pam.d/login", "/usr/etc/pam.d/login"};

class Search {
 public:
  explicit Search(const layer::Stack& stack) : stack_(stack) {}

  bool has_init() const {
    return std::ranges::any_of(kInits, [&](const char* path) { return stack_.is_executable(path); });
  }

  bool has_systemd() const {
    return std::ranges::any_of(kSystemd, [&](const char* path) { return stack_.is_executable(path); }) ||
           in_nix_system([&](const std::string& system) { return stack_.is_executable(system + kNixSystemd); }) ||
           std::ranges::any_of(kNixInits, [&](const char* path) { return is_nix_systemd(path); });
  }

  bool has_dbus() const {
    const bool plain = std::ranges::any_of(kBuses, [&](const char* path) { return stack_.is_executable(path); }) &&
                       std::ranges::any_of(kUnitDirs, [&](const char* dir) { return has_bus_unit(dir); });
    return plain || in_nix_system([&](const std::string& system) {
             return std::ranges::any_of(kNixBuses, [&](auto path) { return stack_.is_executable(system + path); }) &&
                    has_bus_unit(system + kUnitDirs[0]);
           });
  }

  bool has_login() const {
    return std::ranges::any_of(kLogins, [&](const char* path) { return exists(path); }) ||
           in_nix_system([&](const std::string& system) { return exists(system + kLogins[0]); });
  }

 private:
  bool exists(const std::string& path) const { return stack_.resolve(path).has_value(); }

  template <typename Has>
  static bool in_nix_system(const Has& has) {
    return std::ranges::any_of(kNixSystems, has);
  }

  bool has_bus_unit(const std::string& dir) const {
    return std::ranges::any_of(kBusUnits, [&](const char* unit) { return exists(dir + unit); });
  }

  // The init of NixOS is systemd's own, or a script beside a link to the systemd that it starts.
  bool is_nix_systemd(const std::string& path) const {
    const auto init = stack_.resolve(path);
    if (!init || !init->starts_with(kNixStore) || !stack_.is_executable(*init)) return false;
    const auto package = init->substr(0, init->find('/', kNixStore.size()));
    return package.contains("systemd") || stack_.is_executable(package + kNixSystemd);
  }

  const layer::Stack& stack_;
};

}  // namespace

Inspection inspect(const layer::Stack& stack) {
  auto release = stack.os_release();
  const Search search(stack);
  Inspection found{.os = stack.os(),
                   .distro = text::printable(release["ID"]),
                   .version_id = text::printable(release["VERSION_ID"]),
                   .bootable = search.has_init(),
                   .missing = {}};
  if (!search.has_systemd()) found.missing.emplace_back("systemd");
  if (!search.has_dbus()) found.missing.emplace_back("dbus");
  if (!search.has_login()) found.missing.emplace_back("login");
  return found;
}

}  // namespace sdme::image
