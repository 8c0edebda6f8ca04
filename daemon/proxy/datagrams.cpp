// SPDX-License-Identifier: MIT
#include "proxy/datagrams.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace sdme::proxy {

namespace {

template <typename T>
T data_of(cmsghdr* header) {
  T data;
  std::memcpy(&data, CMSG_DATA(header), sizeof data);
  return data;
}

}  // namespace

void Origin::want(int socket, int family) {
  const int on = 1;
  const bool six = family == AF_INET6;
  if (setsockopt(socket, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof on) < 0) {
    throw_errno("preparing a socket of UDP");
  }
}

Origin Origin::of(msghdr& received) {
  Origin origin;
  origin.peer_size_ = std::min(received.msg_namelen, static_cast<socklen_t>(origin.peer_.size()));
  std::memcpy(origin.peer_.data(), received.msg_name, origin.peer_size_);
  for (auto* header = CMSG_FIRSTHDR(&received); header != nullptr; header = CMSG_NXTHDR(&received, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) origin.keep(data_of<in_pktinfo>(header));
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      origin.keep(data_of<in6_pktinfo>(header));
    }
  }
  return origin;
}

// Routes choose the interface: a reply need not leave where the datagram came from. What came before we
// asked for it, as the first always does, only says where it was sent to.
void Origin::keep(const in_pktinfo& info) {
  in_pktinfo reply = {};
  reply.ipi_spec_dst = info.ipi_spec_dst.s_addr != INADDR_ANY ? info.ipi_spec_dst : info.ipi_addr;
  if (IN_MULTICAST(ntohl(reply.ipi_spec_dst.s_addr)) || reply.ipi_spec_dst.s_addr == INADDR_BROADCAST) return;
  put(IPPROTO_IP, IP_PKTINFO, &reply, sizeof reply);
}

// Only an address of a link says nothing without the interface; that of a group cannot be a source.
void Origin::keep(const in6_pktinfo& info) {
  if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;
  auto reply = info;
  if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) reply.ipi6_ifindex = 0;
  put(IPPROTO_IPV6, IPV6_PKTINFO, &reply, sizeof reply);
}

void Origin::put(int level, int type, const void* data, std::size_t size) {
  cmsghdr header = {};
  header.cmsg_len = CMSG_LEN(size);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::memcpy(control_.data(), &header, sizeof header);
  std::memcpy(control_.data() + CMSG_LEN(0), data, size);
  control_size_ = CMSG_SPACE(size);
}

void Origin::put_into(msghdr& reply) {
  reply.msg_name = peer_.data();
  reply.msg_namelen = peer_size_;
  reply.msg_control = control_size_ == 0 ? nullptr : control_.data();
  reply.msg_controllen = control_size_;
}

Datagrams::Datagrams() : bytes_(std::make_unique_for_overwrite<unsigned char[]>(kMost * kSize)) {}

Datagrams::Result Datagrams::receive(int socket) {
  for (std::size_t i = 0; i < kMost; ++i) {
    parts_[i] = {.iov_base = bytes_.get() + i * kSize, .iov_len = kSize};
    auto& message = headers_[i].msg_hdr;
    message = {};
    message.msg_name = &names_[i];
    message.msg_namelen = sizeof names_[i];
    message.msg_iov = &parts_[i];
    message.msg_iovlen = 1;
    message.msg_control = controls_[i].data();
    message.msg_controllen = controls_[i].size();
  }
  const int count = recvmmsg(socket, headers_.data(), kMost, MSG_DONTWAIT, nullptr);
  count_ = count < 0 ? 0 : static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < count_; ++i) parts_[i].iov_len = headers_[i].msg_len;
  return count < 0 && errno == ECONNREFUSED ? Result::kRefused : Result::kDone;
}

Datagrams::Result Datagrams::send(int socket, std::size_t first, std::size_t last) {
  for (auto i = first; i < last; ++i) {
    auto& message = headers_[i].msg_hdr;
    message.msg_name = nullptr;
    message.msg_namelen = 0;
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  return send_each(socket, first, last);
}

void Datagrams::send_reply(int socket, Origin& to) {
  for (std::size_t i = 0; i < count_; ++i) to.put_into(headers_[i].msg_hdr);
  send_each(socket, 0, count_);
}

Datagrams::Result Datagrams::send_each(int socket, std::size_t first, std::size_t last) {
  while (first < last) {
    const auto left = static_cast<unsigned>(last - first);
    const int sent = sendmmsg(socket, &headers_[first], left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ECONNREFUSED) return Result::kRefused;
    first += sent < 0 ? 1 : static_cast<std::size_t>(sent);
  }
  return Result::kDone;
}

}  // namespace sdme::proxy
