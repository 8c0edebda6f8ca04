// SPDX-License-Identifier: MIT
#include "model/port.hpp"

#include <arpa/inet.h>

#include <array>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::model {

namespace {

constexpr std::string_view kForm = "[ADDRESS:][HOST:]CONTAINER[/tcp|/udp]";

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Errc::kInvalidArgument, "port " + text::quoted(text) + " " + why);
}

// As inet_ntop(3) writes it, so that one address has one form.
std::optional<std::string> canonical(int family, const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes = {};
  if (inet_pton(family, address.c_str(), bytes.data()) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

// What is sent to a group is for all in it, and nobody connects to one.
void check_is_one_host(std::string_view text, const std::string& address) {
  in_addr bytes = {};
  inet_pton(AF_INET, address.c_str(), &bytes);
  const auto number = ntohl(bytes.s_addr);
  if (IN_MULTICAST(number) || number == INADDR_BROADCAST) refuse(text, "has the address of a group");
}

// Of IPv6, those that no socket can be bound to as they stand.
void check_can_be_bound(std::string_view text, const std::string& address) {
  in6_addr bytes = {};
  inet_pton(AF_INET6, address.c_str(), &bytes);
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) refuse(text, "has an IPv4 address in brackets: write it as one");
  if (IN6_IS_ADDR_LINKLOCAL(&bytes)) refuse(text, "has an address that says nothing without its interface");
  if (IN6_IS_ADDR_MULTICAST(&bytes)) refuse(text, "has the address of a group");
}

std::uint16_t number(std::string_view text, std::string_view part) {
  const auto value = text::to_unsigned(part);
  if (!value) refuse(text, "is not of the form " + std::string(kForm));
  if (*value == 0 || *value > 65535) refuse(text, "is out of range: ports are 1 to 65535");
  return static_cast<std::uint16_t>(*value);
}

Port::Protocol take_protocol(std::string_view text, std::string_view& rest) {
  const auto slash = rest.rfind('/');
  if (slash == std::string_view::npos) return Port::Protocol::kTcp;
  const auto word = rest.substr(slash + 1);
  if (word != "tcp" && word != "udp") refuse(text, "has a protocol that is neither tcp nor udp");
  rest = rest.substr(0, slash);
  return word == "tcp" ? Port::Protocol::kTcp : Port::Protocol::kUdp;
}

// What is in brackets is an IPv6 address; else the first of three parts, or one that is no number, is IPv4.
std::string take_address(std::string_view text, std::string_view& rest) {
  std::optional<std::string> address;
  if (rest.starts_with('[')) {
    const auto end = rest.find("]:");
    if (end == std::string_view::npos) refuse(text, "has an IPv6 address without ']:' behind it");
    address = canonical(AF_INET6, std::string(rest.substr(1, end - 1)));
    if (address) check_can_be_bound(text, *address);
    rest = rest.substr(end + 2);
  } else {
    const auto parts = text::split(rest, ':');
    if (parts.size() < 2 || (parts.size() == 2 && text::to_unsigned(parts[0]))) return "";
    address = canonical(AF_INET, parts[0]);
    if (address) check_is_one_host(text, *address);
    rest = rest.substr(parts[0].size() + 1);
  }
  if (!address) refuse(text, "has an address that is neither IPv4 nor IPv6 in brackets; names are not looked up");
  return *address;
}

}  // namespace

Port Port::parse(std::string_view text) {
  auto rest = text;
  Port port;
  port.protocol = take_protocol(text, rest);
  port.address = take_address(text, rest);
  const auto parts = text::split(rest, ':');
  if (parts.size() > 2) refuse(text, "is not of the form " + std::string(kForm));
  port.container = number(text, parts.back());
  port.host = number(text, parts.front());
  return port;
}

std::string Port::str() const {
  std::string text;
  if (!address.empty()) text = (address.contains(':') ? "[" + address + "]" : address) + ":";
  return text + std::to_string(host) + ":" + std::to_string(container) + "/" + std::string(protocol_word());
}

bool Port::collides(const Port& other) const {
  if (host != other.host || protocol != other.protocol) return false;
  if (address == other.address) return true;
  const auto is_any = [](const Port& port) { return port.address.empty(); };
  const auto covers = [](const Port& all, const Port& one) {
    return (all.address == "0.0.0.0" && !one.address.contains(':')) ||
           (all.address == "::" && one.address.contains(':'));
  };
  return is_any(*this) || is_any(other) || covers(*this, other) || covers(other, *this);
}

void check_collisions(const std::vector<Port>& ports) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (ports[i].collides(ports[j]))
        throw Error(Errc::kInvalidArgument, "ports " + ports[j].str() + " and " + ports[i].str() + " collide");
    }
  }
}

}  // namespace sdme::model
