// SPDX-License-Identifier: MIT
#include "proxy/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::proxy {

namespace {

std::optional<sockaddr_in> ipv4(const std::string& host, std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  return address;
}

std::optional<sockaddr_in6> ipv6(const std::string& host, std::uint16_t port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  const auto percent = host.find('%');
  if (inet_pton(AF_INET6, host.substr(0, percent).c_str(), &address.sin6_addr) != 1) return std::nullopt;
  if (percent == std::string::npos) return address;
  const auto interface = host.substr(percent + 1);
  address.sin6_scope_id = if_nametoindex(interface.c_str());
  if (address.sin6_scope_id != 0) return address;
  throw Error(Errc::kInvalidArgument, "there is no network interface " + text::quoted(interface));
}

}  // namespace

Address Address::parse(const std::string& host, std::uint16_t port) {
  Address address;
  if (host.find('\0') == std::string::npos) {
    if (const auto v4 = ipv4(host, port)) {
      reinterpret_cast<sockaddr_in&>(address.storage_) = *v4;
      return address;
    }
    if (const auto v6 = ipv6(host, port)) {
      reinterpret_cast<sockaddr_in6&>(address.storage_) = *v6;
      return address;
    }
  }
  throw Error(Errc::kInvalidArgument, text::quoted(host) + " is not a numeric IPv4 or IPv6 address");
}

}  // namespace sdme::proxy
