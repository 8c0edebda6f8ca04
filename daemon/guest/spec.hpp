// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Between a worker on the host and sdme-guest-session in the guest: a SOCK_SEQPACKET socket, the
// guest's end of which is the standard input of the helper's unit.
//
//   host:   "spec", with fds: the spec (sealed memory), and stdin, stdout, stderr or the terminal
//   guest:  "started"          the command runs
//   host:   "signal N"         for the command and its process group
//   guest:  "exited N" or "killed N", then the end
//
// When the host's end is closed, the command's process group is ended. Everything is bytes: no
// part of it goes through the guest's systemd, which would expand it.
namespace sdme::guest {

inline constexpr std::string_view kSpec = "spec";
inline constexpr std::string_view kStarted = "started";
inline constexpr std::string_view kSignal = "signal ";
inline constexpr std::string_view kExited = "exited ";
inline constexpr std::string_view kKilled = "killed ";
inline constexpr std::size_t kLongestPacket = 64;

inline constexpr int kCannotRun = 126;  // as shells say it; also for a directory that cannot be entered
inline constexpr int kNotFound = 127;

struct Spec {
  bool terminal = false;          // one fd comes with the spec, not three
  std::string directory;          // "" for the user's home
  std::vector<std::string> argv;  // "" for the user's login shell
  std::vector<std::string> env;   // NAME=VALUE, over what systemd gives

  bool operator==(const Spec&) const = default;

  std::string encode() const;
  static std::optional<Spec> decode(std::string_view bytes);
};

// The number after one of the words above; nothing unless it is one of at most three digits.
std::optional<int> number_after(std::string_view word, std::string_view packet);

}  // namespace sdme::guest
