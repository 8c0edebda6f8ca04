// SPDX-License-Identifier: MIT
#include "bus/passing.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

namespace sdme::bus {

namespace {

constexpr int kPassRights = 83;            // SO_PASSRIGHTS, which older headers do not have
constexpr std::size_t kLongestHello = 4096;  // of a client's half of the handshake

void pass(int socket, int on) { setsockopt(socket, SOL_SOCKET, kPassRights, &on, sizeof on); }

bool passes(int socket) {
  int on = 0;
  socklen_t size = sizeof on;
  return getsockopt(socket, SOL_SOCKET, kPassRights, &on, &size) == 0 && on != 0;
}

}  // namespace

void refuse_descriptors(int socket) { pass(socket, 0); }
void take_descriptors(int socket) { pass(socket, 1); }

// Looked at and left where it is: what is only looked at without room for descriptors gives us none.
bool may_hold_descriptors(int socket) {
  if (!passes(socket)) return false;
  refuse_descriptors(socket);
  std::array<char, kLongestHello> text = {};
  iovec data = {text.data(), text.size()};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  const auto seen = recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (seen < 0) return false;
  int queued = 0;
  const bool knows_all = ioctl(socket, SIOCINQ, &queued) == 0 && queued == seen;
  return !knows_all || (message.msg_flags & MSG_CTRUNC) != 0;
}

}  // namespace sdme::bus
