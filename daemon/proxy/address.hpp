// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sdme::proxy {

// Where the guest listens: a numeric IPv4 or IPv6 address, of a link with its %INTERFACE, and a port.
class Address {
 public:
  static Address parse(const std::string& host, std::uint16_t port);  // InvalidArgument

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }

 private:
  sockaddr_storage storage_ = {};
};

}  // namespace sdme::proxy
