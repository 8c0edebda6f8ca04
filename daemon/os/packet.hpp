// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

// Packets with file descriptors on a SOCK_SEQPACKET socket, unix(7) SCM_RIGHTS.
namespace sdme::os {

inline constexpr std::size_t kMostFds = 4;  // in one packet

struct Packet {
  std::string text;  // empty at the end of the connection
  std::vector<UniqueFd> fds;
};

// A peer that has gone is false, with nothing sent.
bool send_packet(int socket, const std::string& text, const std::vector<int>& fds);

// Waits unless the socket is non-blocking, where nothing now is nullopt. A packet longer than the
// limit is cut.
std::optional<Packet> receive_packet(int socket, std::size_t limit);

}  // namespace sdme::os
