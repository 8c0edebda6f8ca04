// SPDX-License-Identifier: MIT
#include "failure.hpp"

#include <sdbus-c++/Error.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "text.hpp"

namespace sdme::client {

namespace {

// What the bus says when the daemon does not answer and cannot be started: beginnings of names.
constexpr std::array kAway = {
    std::string_view("org.freedesktop.DBus.Error.ServiceUnknown"),
    std::string_view("org.freedesktop.DBus.Error.NameHasNoOwner"),
    std::string_view("org.freedesktop.DBus.Error.NoReply"),
    std::string_view("org.freedesktop.DBus.Error.TimedOut"),
    std::string_view("org.freedesktop.DBus.Error.Spawn."),
    std::string_view("org.freedesktop.systemd1."),
};

// What libsystemd says for us when there is no bus.
constexpr std::array kCutOff = {
    std::string_view("org.freedesktop.DBus.Error.NoServer"),
    std::string_view("org.freedesktop.DBus.Error.Disconnected"),
    std::string_view("org.freedesktop.DBus.Error.FileNotFound"),
    std::string_view("System.Error.ECONN"),
    std::string_view("System.Error.ENOTCONN"),
};

// And when it is to send bytes that are no text.
constexpr std::string_view kNoText = "Failed to serialize a string";

bool is_one_of(const auto& names, std::string_view name) {
  return std::ranges::any_of(names, [&](auto beginning) { return name.starts_with(beginning); });
}

// Busy is also what has changed, or runs; then the message alone says what to do.
std::string hint_for(Errc code, const std::string& message) {
  switch (code) {
    case Errc::kInteractiveAuthorizationRequired:
      return "run it in a terminal, where pkttyagent can ask for a password, or as root";
    case Errc::kBusy:
      return message.contains("works on it") ? "'sdmectl jobs' shows what is going on" : "";
    case Errc::kNoSpace:
      return "'sdmectl fs gc' removes what nobody uses";
    case Errc::kInternal:
      return "'journalctl -u sdmed' may say more";
    default:
      return "";
  }
}

}  // namespace

Failure failure_of(const std::string& bus_name, const std::string& message) {
  Failure failure(exit_code::kFailed, message.empty() ? bus_name : message);
  failure.bus_name = bus_name;
  failure.code = errc_from_bus_name(bus_name);
  if (failure.code) {
    failure.exit_status = row(*failure.code).exit_status;
    failure.hint = hint_for(*failure.code, failure.message);
  } else if (failure.is_away = is_one_of(kAway, bus_name); failure.is_away || is_one_of(kCutOff, bus_name)) {
    failure.exit_status = exit_code::kUnreachable;
    failure.message = "cannot reach sdmed: " + failure.message;
    failure.hint = "is it installed? 'systemctl status sdmed' tells";
  } else if (bus_name == "org.freedesktop.DBus.Error.InvalidArgs") {
    failure.exit_status = exit_code::kUsage;
    if (message.starts_with(kNoText)) failure.message = "a name or value on the command line is no text in UTF-8";
  }
  return failure;
}

Failure failure_of(const sdbus::Error& error) { return failure_of(error.getName(), error.getMessage()); }

Failure failure_of_errno(const std::string& doing, int exit_status) {
  return {exit_status, doing + ": " + std::generic_category().message(errno)};
}

std::string sentence(const Failure& failure, Detail detail) {
  const auto lines = split(failure.message, '\n');
  std::string text = "sdmectl: " + printable(lines.front());
  if (detail == Detail::kVerbose && !failure.bus_name.empty()) text += " [" + printable(failure.bus_name) + "]";
  if (!failure.hint.empty()) text += " (" + printable(failure.hint) + ")";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!lines[i].empty()) text += "\n  " + printable(lines[i]);
  }
  return text;
}

}  // namespace sdme::client
