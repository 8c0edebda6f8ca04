// SPDX-License-Identifier: MIT
// sdme-network up|down INSTANCE: the network of sdme-network@INSTANCE.service, before and after dnsmasq(8).
// sdme-network watch INSTANCE: keeps its rules, the work of sdme-rules@INSTANCE.service.
// sdme-network booted NAME: the link of a container that has booted, the work of sdme-link@NAME.service.
// sdme-network left NAME: what is to be done when a container's unit has ended.
// sdme-network pod-up|pod-down NAME: the network of sdme-pod@NAME.service.
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "network/bridge.hpp"
#include "network/firewall.hpp"
#include "network/link.hpp"
#include "network/pod.hpp"

namespace {

namespace network = sdme::network;

constexpr std::uint64_t kBarrierUsec = 5'000'000;

int fail(const std::string& message) {
  static_cast<void>(std::fprintf(stderr, "%s\n", message.c_str()));
  sd_notify(0, ("STATUS=" + message.substr(0, message.find('\n'))).c_str());
  sd_notify_barrier(0, kBarrierUsec);  // else PID 1 might hear of our end first
  return EXIT_FAILURE;
}

void settle(const std::string& of) {
  auto pid1 = sdme::systemd::Pid1::of_host();
  network::settle_pod(pid1, network::stored_pod(of));
}

using Verb = void (*)(const std::string& of);

constexpr std::array<std::pair<std::string_view, Verb>, 7> kVerbs = {{
    {"up", &network::bring_up},
    {"down", &network::take_down},
    {"watch", [](const std::string& of) { network::watch_rules(of); }},
    {"booted",
     [](const std::string& of) {
       auto pid1 = sdme::systemd::Pid1::of_host();
       network::finish_link(pid1, of);
     }},
    {"left",
     [](const std::string& of) {
       auto pid1 = sdme::systemd::Pid1::of_host();
       network::disconnect(pid1, of);
     }},
    {"pod-up", &settle},
    {"pod-down",
     [](const std::string& of) {
       auto pid1 = sdme::systemd::Pid1::of_host();
       network::take_down_pod(pid1, of);
     }},
}};

}  // namespace

int main(int argc, char** argv) {
  const auto verb = std::ranges::find(kVerbs, argc == 3 ? std::string_view(argv[1]) : std::string_view(),
                                      [](const auto& row) { return row.first; });
  if (verb == kVerbs.end()) return fail("usage: sdme-network up|down|watch|booted|left|pod-up|pod-down NAME");
  try {
    verb->second(argv[2]);
    return EXIT_SUCCESS;
  } catch (const sdme::Error& error) {
    return fail(error.message());
  }
}
