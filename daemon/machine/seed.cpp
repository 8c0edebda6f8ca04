// SPDX-License-Identifier: MIT
#include "machine/seed.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "model/path.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::string_view kUnits = "/etc/systemd/system";
constexpr const char* kNothing = "/dev/null";

// Of the host, and not of its clone: random seed, identifiers of DHCP clients, D-Bus's copy of the
// machine id where it is no link, and disks to unlock.
constexpr std::array kIdentity = {"/var/lib/systemd/random-seed",  "/var/lib/systemd/credential.secret",
                                  "/var/lib/dhcpcd/duid",          "/etc/dhcpcd.duid",
                                  "/var/lib/dhcp/dhclient.leases", "/var/lib/NetworkManager/secret_key",
                                  "/var/lib/dbus/machine-id",      "/etc/crypttab"};

std::string unit_path(const std::string& unit) { return std::string(kUnits) + "/" + unit; }

bool is_storage(const std::string& unit) {
  return unit.ends_with(".mount") || unit.ends_with(".swap") || unit.ends_with(".automount");
}

bool is_file(const layer::Stack& tree, const std::string& path) {
  const auto found = tree.stat(path);
  return found && S_ISREG(found->st_mode);
}

// An alias points at a unit of the vendor's, by a plain name; anything else is not made again.
bool is_vendor_unit(const std::string& target) {
  constexpr std::array<std::string_view, 2> kVendor = {"/usr/lib/systemd/system/", "/lib/systemd/system/"};
  return std::ranges::any_of(kVendor, [&](std::string_view vendor) {
    if (!target.starts_with(vendor)) return false;
    try {
      model::check_unit_name(target.substr(vendor.size()));
      return true;
    } catch (const Error&) {
      return false;
    }
  });
}

void plan_names(Seeds& seeds, const std::string& name) {
  const auto file = [](std::string text) { return Seed{.kind = Seed::Kind::kFile, .text = std::move(text)}; };
  seeds["/etc/hostname"] = file(name + "\n");
  // Both addresses carry the name: some programs ask for ::1 alone.
  seeds["/etc/hosts"] = file("127.0.0.1 localhost " + name + "\n::1 localhost " + name + "\n");
  // Empty, and the guest's PID 1 fills it at the first boot: two guests never share an id.
  seeds["/etc/machine-id"] = {.kind = Seed::Kind::kFile, .text = "", .mode = 0444};
  seeds["/etc/fstab"] = file("# A container mounts nothing by itself.\n");
  // A regular file: systemd-nspawn binds the host's over it, and would not over a dangling link.
  seeds["/etc/resolv.conf"] = file("# The host's servers are shown here when the network is shared.\n");
}

void plan_clone(Seeds& seeds, const model::Definition& definition, const HostFacts& host) {
  // Guests must not see each other, nor the records.
  seeds[layout::kState] = {.kind = Seed::Kind::kOpaque};
  for (const auto& path : host.identity) seeds.try_emplace(path, Seed{.kind = Seed::Kind::kHidden});
  const bool hides_units = std::ranges::any_of(definition.opaque_dirs,
                                               [](const std::string& dir) { return model::at_or_below(kUnits, dir); });
  if (!hides_units) {
    for (const auto& unit : host.storage_units) {
      seeds.try_emplace(unit_path(unit), Seed{.kind = Seed::Kind::kLink, .text = kNothing});
    }
  } else if (host.dbus_alias && is_vendor_unit(*host.dbus_alias)) {
    // Without its alias there is no bus where the implementation is not called dbus.service.
    seeds.try_emplace(unit_path("dbus.service"), Seed{.kind = Seed::Kind::kLink, .text = *host.dbus_alias});
  }
}

}  // namespace

HostFacts HostFacts::of(const layer::Stack& host) {
  HostFacts facts;
  if (const auto units = host.find_dir(std::string(kUnits))) {
    for (const auto& name : units->entries()) {
      if (is_storage(name) && is_file(host, unit_path(name))) facts.storage_units.push_back(name);
    }
  }
  facts.dbus_alias = host.link_target(unit_path("dbus.service"));
  for (const char* path : kIdentity) {
    if (is_file(host, path)) facts.identity.emplace_back(path);
  }
  if (const auto ssh = host.find_dir("/etc/ssh")) {
    for (const auto& name : ssh->entries()) {
      if (name.starts_with("ssh_host_")) facts.identity.push_back("/etc/ssh/" + name);
    }
  }
  return facts;
}

Seeds plan_seeds(const std::string& name, const model::Definition& definition, const HostFacts& host) {
  Seeds seeds;
  plan_names(seeds, name);
  for (const auto& dir : definition.opaque_dirs) seeds[dir] = {.kind = Seed::Kind::kOpaque};
  for (const auto& unit : definition.masked_services) {
    seeds[unit_path(unit)] = {.kind = Seed::Kind::kLink, .text = kNothing};
  }
  if (definition.host_clone) plan_clone(seeds, definition, host);
  return seeds;
}

Seeds seeds_below(const Seeds& seeds, const std::string& mount) {
  Seeds below;
  for (const auto& [path, seed] : seeds) {
    if (path != mount && model::at_or_below(path, mount)) below.emplace(path.substr(mount.size()), seed);
  }
  return below;
}

void sow(const Seeds& seeds, Upper& upper) {
  for (const auto& [path, seed] : seeds) {
    switch (seed.kind) {
      case Seed::Kind::kFile:
        upper.file(path, seed.text, seed.mode);
        break;
      case Seed::Kind::kLink:
        upper.link(path, seed.text);
        break;
      case Seed::Kind::kOpaque:
        upper.opaque(path);
        break;
      case Seed::Kind::kHidden:
        upper.hide(path);
        break;
    }
  }
  upper.finish();
}

}  // namespace sdme::machine
