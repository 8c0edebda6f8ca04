// SPDX-License-Identifier: MIT
#include "os/packet.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace sdme::os {

namespace {

using Control = std::array<char, CMSG_SPACE(sizeof(int) * kMostFds)>;

std::vector<UniqueFd> fds_of(msghdr& message) {
  std::vector<UniqueFd> fds;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

bool send_packet(int socket, const std::string& text, const std::vector<int>& fds) {
  if (fds.size() > kMostFds) throw Error(Errc::kInternal, "too many file descriptors in a packet");
  alignas(cmsghdr) Control control = {};
  iovec data = {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return true;
  if (errno == EPIPE || errno == ECONNRESET) return false;
  throw_errno("sending a packet");
}

std::optional<Packet> receive_packet(int socket, std::size_t limit) {
  Packet packet = {.text = std::string(limit, '\0'), .fds = {}};
  alignas(cmsghdr) Control control = {};
  iovec data = {.iov_base = packet.text.data(), .iov_len = packet.text.size()};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  if (count < 0 && errno != ECONNRESET) throw_errno("receiving a packet");
  packet.text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  packet.fds = fds_of(message);
  return packet;
}

}  // namespace sdme::os
