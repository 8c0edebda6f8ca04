// SPDX-License-Identifier: MIT
#include "guest_address.hpp"

#include <arpa/inet.h>
#include <systemd/sd-bus.h>

#include <array>
#include <memory>

namespace sdme::client {

namespace {

constexpr std::uint64_t kPatienceUsec = 2'000'000;
constexpr const char* kService = "org.freedesktop.machine1";
constexpr const char* kPath = "/org/freedesktop/machine1";
constexpr const char* kInterface = "org.freedesktop.machine1.Manager";

using Message = std::unique_ptr<sd_bus_message, decltype(&::sd_bus_message_unref)>;

// A connection of its own: the daemon's may wait for ever.
Message ask(const std::string& container) {
  sd_bus* opened = nullptr;
  if (::sd_bus_open_system(&opened) < 0) return {nullptr, &::sd_bus_message_unref};
  const std::unique_ptr<sd_bus, decltype(&::sd_bus_flush_close_unref)> bus(opened, &::sd_bus_flush_close_unref);
  ::sd_bus_set_method_call_timeout(bus.get(), kPatienceUsec);
  sd_bus_message* answer = nullptr;
  ::sd_bus_call_method(bus.get(), kService, kPath, kInterface, "GetMachineAddresses", nullptr, &answer, "s",
                       container.c_str());
  return {answer, &::sd_bus_message_unref};
}

std::string to_text(int family, const void* bytes, std::size_t size) {
  const bool is_v4 = family == AF_INET && size == sizeof(in_addr);
  const bool is_v6 = family == AF_INET6 && size == sizeof(in6_addr);
  if (!is_v4 && (!is_v6 || IN6_IS_ADDR_LINKLOCAL(static_cast<const in6_addr*>(bytes)))) return "";
  std::array<char, INET6_ADDRSTRLEN> text = {};
  return ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

std::string guest_address(const std::string& container) {
  const auto answer = ask(container);
  if (!answer || ::sd_bus_message_enter_container(answer.get(), 'a', "(iay)") < 0) return "";
  std::string found;
  while (::sd_bus_message_enter_container(answer.get(), 'r', "iay") > 0) {
    int family = 0;
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (::sd_bus_message_read(answer.get(), "i", &family) < 0 ||
        ::sd_bus_message_read_array(answer.get(), 'y', &bytes, &size) < 0)
      return found;
    const auto text = to_text(family, bytes, size);
    if (family == AF_INET && !text.empty()) return text;
    if (found.empty()) found = text;
    ::sd_bus_message_exit_container(answer.get());
  }
  return found;
}

}  // namespace sdme::client
