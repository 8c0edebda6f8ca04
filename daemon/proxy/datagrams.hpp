// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <memory>

namespace sdme::proxy {

// Who sent a datagram, and to which of the host's addresses: what a reply must say, so that a client of
// a host with several addresses takes it for one.
class Origin {
 public:
  static constexpr std::size_t kControlSize = CMSG_SPACE(sizeof(in6_pktinfo));

  static Origin of(msghdr& received);
  static void want(int socket, int family);  // before the first is received

  void put_into(msghdr& reply);
  friend auto operator<=>(const Origin&, const Origin&) = default;

 private:
  void keep(const in_pktinfo& info);
  void keep(const in6_pktinfo& info);
  void put(int level, int type, const void* data, std::size_t size);

  std::array<unsigned char, sizeof(sockaddr_in6)> peer_ = {};
  socklen_t peer_size_ = 0;
  alignas(cmsghdr) std::array<unsigned char, kControlSize> control_ = {};
  std::size_t control_size_ = 0;
};

// Datagrams of up to 64 KiB that are received and sent with one call each.
class Datagrams {
 public:
  static constexpr std::size_t kMost = 16;
  enum class Result { kDone, kRefused };  // the peer's host said that nobody listens

  Datagrams();

  // What is there now.
  Result receive(int socket);
  std::size_t count() const { return count_; }
  Origin origin(std::size_t i) { return Origin::of(headers_[i].msg_hdr); }

  // Of those received, on a connected socket or, all, as a reply. What cannot be sent is lost, as datagrams are.
  Result send(int socket, std::size_t first, std::size_t last);
  void send_reply(int socket, Origin& to);

 private:
  static constexpr std::size_t kSize = 65536;
  using Control = std::array<unsigned char, 2 * Origin::kControlSize>;

  Result send_each(int socket, std::size_t first, std::size_t last);

  std::unique_ptr<unsigned char[]> bytes_;  // not touched, so no memory, before the first is received
  std::array<iovec, kMost> parts_ = {};
  std::array<mmsghdr, kMost> headers_ = {};
  std::array<sockaddr_in6, kMost> names_ = {};
  alignas(cmsghdr) std::array<Control, kMost> controls_ = {};
  std::size_t count_ = 0;
};

}  // namespace sdme::proxy
