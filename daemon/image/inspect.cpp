// SPDX-License-Identifier: MIT
#include "image/inspect.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/text.hpp"

namespace sdme::image {

namespace {

// Where systemd-nspawn looks, and where /sbin is a directory of its own.
constexpr std::array kInits = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/sbin/init"};

// NixOS has all it is made of in /nix/store, and its own names for it in a profile. In an image that never
// ran the second of these is there alone, or only the init leads there.
constexpr std::array kNixSystems = {"/run/current-system", "/nix/var/nix/profiles/system"};
constexpr std::array kNixInits = {"/sbin/init", "/init"};
constexpr std::string_view kNixStore = "/nix/store/";
constexpr const char* kNixSystemd = "/systemd/lib/systemd/systemd";

constexpr std::array kSystemds = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
constexpr std::array kBuses = {"/usr/bin/dbus-daemon", "/bin/dbus-daemon", "/usr/bin/dbus-broker", "/bin/dbus-broker"};
constexpr std::array kUnitDirs = {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};
constexpr std::array kBusUnits = {"/dbus.service", "/dbus-broker.service"};

// openSUSE has its own in /usr.
constexpr std::array kLogins = {"/etc/pam.d/login", "/usr/lib/pam.d/login", "/usr/etc/pam.d/login"};

class Search {
 public:
  explicit Search(const layer::Stack& stack) : stack_(stack), nix_systems_(kNixSystems.begin(), kNixSystems.end()) {
    for (const auto* const path : kNixInits) {
      const auto init = stack_.resolve(path);
      if (!init || !init->starts_with(kNixStore) || !stack_.is_executable(*init)) continue;
      nix_systems_.push_back(init->substr(0, init->find('/', kNixStore.size())));
    }
  }

  bool has_init() const { return has_program(kInits); }

  bool has_systemd() const {
    return has_program(kSystemds) || in_nix_system([this](const std::string& system) {
             return stack_.is_executable(system + kNixSystemd) || is_systemd_itself(system);
           });
  }

  bool has_dbus() const {
    return (has_program(kBuses) &&
            std::ranges::any_of(kUnitDirs, [this](const char* dir) { return has_bus_unit(dir); })) ||
           in_nix_system([this](const std::string& system) { return has_bus_unit(system + kUnitDirs[0]); });
  }

  bool has_login() const {
    return std::ranges::any_of(kLogins, [this](const char* path) { return exists(path); }) ||
           in_nix_system([this](const std::string& system) { return exists(system + kLogins[0]); });
  }

 private:
  bool exists(const std::string& path) const { return stack_.resolve(path).has_value(); }

  bool has_program(std::span<const char* const> paths) const {
    return std::ranges::any_of(paths, [this](const char* path) { return stack_.is_executable(path); });
  }

  template <typename Has>
  bool in_nix_system(const Has& has) const {
    return std::ranges::any_of(nix_systems_, has);
  }

  // Where the init is not the system's but systemd's own.
  static bool is_systemd_itself(const std::string& package) {
    return package.starts_with(kNixStore) && package.contains("-systemd-");
  }

  bool has_bus_unit(const std::string& dir) const {
    return std::ranges::any_of(kBusUnits, [&](const char* unit) { return exists(dir + unit); });
  }

  const layer::Stack& stack_;
  std::vector<std::string> nix_systems_;
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
