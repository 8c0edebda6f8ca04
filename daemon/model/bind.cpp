// SPDX-License-Identifier: MIT
#include "model/bind.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "model/path.hpp"

namespace sdme::model {

namespace {

// What systemd-nspawn and the guest's systemd mount themselves; the rest of /run is whoever's it is.
constexpr std::array<std::string_view, 6> kTaken = {"/proc",     "/sys",         "/dev",
                                                    "/run/host", "/run/systemd", "/etc/machine-id"};

void apply(Bind& bind, const std::string& option) {
  if (option == "ro") {
    bind.writable = false;
  } else if (option == "rw") {
    bind.writable = true;
  } else if (option == "dev") {
    bind.devices = true;
  } else if (option == "suid") {
    bind.setuid = true;
  } else {
    throw Error(Errc::kInvalidArgument, text::quoted(option) + " is no option of a bind: ro, rw, dev, suid");
  }
}

void check(const Bind& bind) {
  bind.is_volume() ? static_cast<void>(VolumeName::parse(bind.source)) : check_path(bind.source, "bind source");
  check_path(bind.destination, "bind destination");
  for (const auto taken : kTaken) {
    if (at_or_below(bind.destination, taken) || bind.destination == "/run") {
      throw Error(Errc::kInvalidArgument, "bind destination " + text::quoted(bind.destination) +
                                              " is where the guest has something of its own");
    }
  }
}

}  // namespace

Bind Bind::parse(std::string_view text) {
  const auto parts = text::split_escaped(text);
  if (parts.size() < 2 || parts.size() > 3 || parts[0].empty()) {
    throw Error(Errc::kInvalidArgument,
                text::quoted(text) + " is not of the form SOURCE:DESTINATION[:OPTIONS]; a colon in a path is '\\:'");
  }
  Bind bind{.source = parts[0], .destination = parts[1]};
  if (parts.size() == 3) {
    const auto options = text::split(parts[2], ',');
    if (std::ranges::contains(options, "ro") && std::ranges::contains(options, "rw"))
      throw Error(Errc::kInvalidArgument, "a bind is either ro or rw");
    for (const auto& option : options) apply(bind, option);
  }
  check(bind);
  return bind;
}

std::string Bind::str() const {
  return text::escape_colons(source) + ":" + text::escape_colons(destination) + ":" + (writable ? "rw" : "ro") +
         (devices ? ",dev" : "") + (setuid ? ",suid" : "");
}

json::Value Bind::to_json() const {
  json::Value value = {{"bind", str()}, {"inode", inode}};
  if (owner) value["owner"] = *owner;
  return value;
}

Bind Bind::from_json(const json::Value& value) {
  auto bind = parse(json::get<std::string>(value, "bind"));
  bind.inode = json::get<std::uint64_t>(value, "inode");
  if (value.contains("owner")) bind.owner = json::get<std::uint32_t>(value, "owner");
  return bind;
}

}  // namespace sdme::model
