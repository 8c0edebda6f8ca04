// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

// What can go wrong, as part of the contract: daemon, worker and client read this one table.
// A code without a name, a meaning and an exit code does not compile.
namespace sdme {

enum class Errc : unsigned char {
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
  kBusy,
  kInUse,
  kNotRunning,
  kNotSupported,
  kNoSpace,
  kLimitExceeded,
  kNetworkFailed,
  kVerificationFailed,
  kUnsupportedFormat,
  kCorrupt,
  kCommandFailed,
  kBootFailed,
  kTimedOut,
  kCancelled,
  kHostAccessDenied,
  kDaemonRestarted,
  kInternal,
  kAccessDenied,
  kInteractiveAuthorizationRequired,
};

// Exit codes of sdmectl, documented in sdmectl(1). `exec` and `join` have 125 to 127 besides.
namespace exit_code {
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kNotFound = 3;
inline constexpr int kNotAuthorised = 4;
inline constexpr int kConflict = 5;  // busy, in use, or exists
inline constexpr int kUsage = 64;
inline constexpr int kBadInput = 65;
inline constexpr int kUnreachable = 69;
inline constexpr int kTimedOut = 124;
inline constexpr int kInterrupted = 130;
}  // namespace exit_code

struct ErrorRow {
  Errc code;
  std::string_view word;      // in the worker's result and in logs
  std::string_view bus_name;  // on the bus
  int exit_status;            // of sdmectl
  std::string_view meaning;   // for docs/errors.md and the man page
};

inline constexpr std::array kErrors = {
    ErrorRow{Errc::kInvalidArgument, "InvalidArgument", "org.sdme1.Error.InvalidArgument", exit_code::kUsage,
             "A name, option or file descriptor is not acceptable; nothing was done."},
    ErrorRow{Errc::kNotFound, "NotFound", "org.sdme1.Error.NotFound", exit_code::kNotFound,
             "No container, root filesystem, job, session or image has that name."},
    ErrorRow{Errc::kAlreadyExists, "AlreadyExists", "org.sdme1.Error.AlreadyExists", exit_code::kConflict,
             "The name is taken, by us or by another machine on this host."},
    ErrorRow{Errc::kBusy, "Busy", "org.sdme1.Error.Busy", exit_code::kConflict,
             "Another job holds what this request needs; the message names it."},
    ErrorRow{Errc::kInUse, "InUse", "org.sdme1.Error.InUse", exit_code::kConflict,
             "Something still uses it; the message names the users."},
    ErrorRow{Errc::kNotRunning, "NotRunning", "org.sdme1.Error.NotRunning", exit_code::kFailed,
             "The container must run for this, and does not."},
    ErrorRow{Errc::kNotSupported, "NotSupported", "org.sdme1.Error.NotSupported", exit_code::kFailed,
             "This host, kernel or file system cannot do it."},
    ErrorRow{Errc::kNoSpace, "NoSpace", "org.sdme1.Error.NoSpace", exit_code::kFailed,
             "The disk is full; what was written has been removed."},
    ErrorRow{Errc::kLimitExceeded, "LimitExceeded", "org.sdme1.Error.LimitExceeded", exit_code::kFailed,
             "A configured limit was reached; the message names it."},
    ErrorRow{Errc::kNetworkFailed, "NetworkFailed", "org.sdme1.Error.NetworkFailed", exit_code::kFailed,
             "A server could not be reached or broke off."},
    ErrorRow{Errc::kVerificationFailed, "VerificationFailed", "org.sdme1.Error.VerificationFailed",
             exit_code::kBadInput, "Bytes do not match their digest or size."},
    ErrorRow{Errc::kUnsupportedFormat, "UnsupportedFormat", "org.sdme1.Error.UnsupportedFormat", exit_code::kBadInput,
             "The input is not of a kind that can be imported."},
    ErrorRow{Errc::kCorrupt, "Corrupt", "org.sdme1.Error.Corrupt", exit_code::kBadInput,
             "The input is damaged, truncated or hostile."},
    ErrorRow{Errc::kCommandFailed, "CommandFailed", "org.sdme1.Error.CommandFailed", exit_code::kFailed,
             "A program that had to be run did not succeed."},
    ErrorRow{Errc::kBootFailed, "BootFailed", "org.sdme1.Error.BootFailed", exit_code::kFailed,
             "The guest did not come up; the message carries its last words."},
    ErrorRow{Errc::kTimedOut, "TimedOut", "org.sdme1.Error.TimedOut", exit_code::kTimedOut,
             "It took longer than the time allowed."},
    ErrorRow{Errc::kCancelled, "Cancelled", "org.sdme1.Error.Cancelled", exit_code::kInterrupted,
             "It was cancelled, by its owner or because its caller went away."},
    ErrorRow{Errc::kHostAccessDenied, "HostAccessDenied", "org.sdme1.Error.HostAccessDenied", exit_code::kNotAuthorised,
             "The request reaches the host itself and was refused; the message names the features."},
    ErrorRow{Errc::kDaemonRestarted, "DaemonRestarted", "org.sdme1.Error.DaemonRestarted", exit_code::kFailed,
             "The daemon was restarted and could not carry the request on."},
    ErrorRow{Errc::kInternal, "Internal", "org.sdme1.Error.Internal", exit_code::kFailed,
             "A fault of ours; the journal says more."},
    ErrorRow{Errc::kAccessDenied, "AccessDenied", "org.freedesktop.DBus.Error.AccessDenied", exit_code::kNotAuthorised,
             "Polkit said no; or a registry did, or this host's rules for registries."},
    ErrorRow{Errc::kInteractiveAuthorizationRequired, "InteractiveAuthorizationRequired",
             "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", exit_code::kNotAuthorised,
             "Polkit wants a password, and the caller did not allow a prompt or has no agent."},
};

namespace detail {
consteval bool errors_are_total() {
  if (kErrors.size() != static_cast<std::size_t>(Errc::kInteractiveAuthorizationRequired) + 1) return false;
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (kErrors[i].code != static_cast<Errc>(i) || kErrors[i].meaning.empty()) return false;
  }
  return true;
}
}  // namespace detail
static_assert(detail::errors_are_total(), "every Errc needs its row in kErrors, in order");

constexpr const ErrorRow& row(Errc code) { return kErrors[static_cast<std::size_t>(code)]; }

constexpr std::optional<Errc> errc_from_word(std::string_view word) {
  for (const auto& row : kErrors) {
    if (row.word == word) return row.code;
  }
  return std::nullopt;
}

constexpr std::optional<Errc> errc_from_bus_name(std::string_view name) {
  for (const auto& row : kErrors) {
    if (row.bus_name == name) return row.code;
  }
  return std::nullopt;
}

}  // namespace sdme
